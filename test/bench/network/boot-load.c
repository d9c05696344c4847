/*
 * Simulated machines that boot from a server, many at once, for the benchmarks: one process, one epoll, so that it
 * measures the server and not itself. Compiled by the benchmark with the system's compiler.
 *
 *   boot-load SERVER RELAY FIRST STAGES AT-ONCE TOTAL BLKSIZE WINDOWSIZE FILE
 *
 * RELAY is the address that DHCP goes through; TFTP and HTTP come from addresses of the machines' own, FIRST and those
 * after it.
 * STAGES is any of d (DHCP, as a relay: DISCOVER to ACK), t (TFTP of FILE) and h (the HTTP requests of iPXE and
 * Ignition, port 8080), done in this order by each machine. Printed at the end, one line of JSON: what was done, and
 * for each stage the milliseconds that each machine took.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum stage { DHCP, TFTP, HTTP, DONE };
enum { STAGES = 3, PATHS = 3, MOST_MACHINES = 4096, LIMIT_SECONDS = 120 };
static const char LETTERS[] = "dth";
static const char *const PATH[PATHS] = {"/boot.ipxe", "/ipxe?mac=%s", "/ignition?mac=%s"};

struct machine {
  int index, fd, stage, requested, path, resent, bad_status;
  unsigned expected, window, agreed; /* TFTP: next block, blocks since the last ACK, blocks for each ACK */
  struct sockaddr_in peer;   /* TFTP: where the transfer's packets come from */
  uint32_t address;
  double began, stage_began, due; /* due: when the last packet is sent again; 0 = never */
  size_t bytes, length;
  unsigned char last[600];
  char head[16];
};

static struct sockaddr_in server, own, first;
static int epoll, dhcp_socket, at_once, total, blksize, windowsize, started, finished, failed, resent;
static const char *stages, *file;
static struct machine *machines;
static double *took[STAGES + 1];
static int taken[STAGES + 1];
static double bytes;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(2);
}

static void watch(struct machine *m, int events) {
  struct epoll_event e = {.events = (uint32_t)events, .data.ptr = m};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, m->fd, &e) < 0) die("epoll_ctl");
}

static void record(int stage, double since) { took[stage][taken[stage]++] = (now() - since) * 1000; }

static void send_last(struct machine *m) {
  const struct sockaddr_in *to = m->stage == DHCP ? &server : &m->peer;
  int fd = m->stage == DHCP ? dhcp_socket : m->fd;
  struct sockaddr_in relay = *to;
  if (m->stage == DHCP) relay.sin_port = htons(67);
  sendto(fd, m->last, m->length, MSG_DONTWAIT, (struct sockaddr *)&relay, sizeof relay);
  m->due = now() + (m->stage == DHCP ? 4.0 : 1.0) * (1 << (m->resent < 4 ? m->resent : 4));
}

static void dhcp_send(struct machine *m, int type) {
  unsigned char *p = m->last;
  memset(p, 0, sizeof m->last);
  const unsigned char fixed[] = {1, 1, 6, 1};
  memcpy(p, fixed, 4);
  uint32_t xid = htonl((uint32_t)m->index + 1), cookie = htonl(0x63825363);
  memcpy(p + 4, &xid, 4);
  memcpy(p + 24, &own.sin_addr, 4);
  const unsigned char mac[] = {0x52, 0x54, 0x00, 0x78, (unsigned char)(m->index >> 8), (unsigned char)m->index};
  memcpy(p + 28, mac, 6);
  memcpy(p + 236, &cookie, 4);
  unsigned char *o = p + 240;
  /* As a BIOS's PXE ROM asks: RFC 4578. */
  const unsigned char options[] = {53, 1, (unsigned char)type, 57, 2, 5, 192, 55, 7, 1, 3, 6, 12, 15, 66, 67,
                                   93, 2, 0, 0, 94, 3, 1, 2, 1, 60, 9, 'P', 'X', 'E', 'C', 'l', 'i', 'e', 'n', 't'};
  memcpy(o, options, sizeof options);
  o += sizeof options;
  if (type == 3) {
    *o++ = 50, *o++ = 4, memcpy(o, &m->address, 4), o += 4;
    *o++ = 54, *o++ = 4, memcpy(o, &server.sin_addr, 4), o += 4;
  }
  *o++ = 255;
  m->length = (size_t)(o - p) < 300 ? 300 : (size_t)(o - p);
  m->requested = type == 3;
  m->resent = 0;
  send_last(m);
}

static void tftp_ack(struct machine *m, unsigned block) {
  const unsigned char ack[] = {0, 4, (unsigned char)(block >> 8), (unsigned char)block};
  memcpy(m->last, ack, 4);
  m->length = 4;
  m->window = 0;
  send_last(m);
}

static void bind_own(struct machine *m) {
  struct sockaddr_in any = first;
  any.sin_addr.s_addr = htonl(ntohl(first.sin_addr.s_addr) + (uint32_t)m->index);
  if (bind(m->fd, (struct sockaddr *)&any, sizeof any) < 0) die("bind to a machine's address");
}

static void tftp_begin(struct machine *m) {
  m->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (m->fd < 0) die("socket");
  int size = 1 << 20;
  setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  bind_own(m);
  watch(m, EPOLLIN);
  m->peer = server;
  m->peer.sin_port = htons(69);
  m->expected = 1;
  m->agreed = 1; /* servers that know no windowsize leave it out of their OACK */
  m->bytes = 0;
  m->resent = 0;
  int n = 2;
  m->last[0] = 0, m->last[1] = 1;
  n += sprintf((char *)m->last + n, "%s", file) + 1;
  n += sprintf((char *)m->last + n, "octet") + 1;
  n += sprintf((char *)m->last + n, "blksize") + 1;
  n += sprintf((char *)m->last + n, "%d", blksize) + 1;
  if (windowsize > 1) {
    n += sprintf((char *)m->last + n, "windowsize") + 1;
    n += sprintf((char *)m->last + n, "%d", windowsize) + 1;
  }
  m->length = (size_t)n;
  send_last(m);
}

static void http_begin(struct machine *m) {
  m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (m->fd < 0) die("socket");
  bind_own(m);
  struct sockaddr_in to = server;
  to.sin_port = htons(8080);
  if (connect(m->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
  m->bytes = 0;
  m->due = 0;
  watch(m, EPOLLOUT);
}

static void enter(struct machine *m, int stage);
static void begin_next(void);

static void leave(struct machine *m) {
  record(m->stage, m->stage_began);
  enter(m, m->stage + 1);
}

static void enter(struct machine *m, int stage) {
  while (stage < DONE && strchr(stages, LETTERS[stage]) == NULL) stage++;
  m->stage = stage;
  m->stage_began = now();
  m->due = 0;
  switch (stage) {
    case DHCP: dhcp_send(m, 1); break;
    case TFTP: tftp_begin(m); break;
    case HTTP: m->path = 0; http_begin(m); break;
    default: record(STAGES, m->began); finished++; begin_next();
  }
}

static void begin_next(void) {
  if (started >= total) return;
  struct machine *m = &machines[started];
  m->index = started++;
  m->began = now();
  enter(m, DHCP);
}

static void fail(struct machine *m, const char *why) {
  fprintf(stderr, "machine %d, stage %c: %s\n", m->index, LETTERS[m->stage], why);
  if (m->stage != DHCP) close(m->fd);
  m->stage = DONE;
  m->due = 0;
  failed++;
  begin_next();
}

static void on_dhcp(void) {
  unsigned char p[1500];
  ssize_t n;
  while ((n = recv(dhcp_socket, p, sizeof p, MSG_DONTWAIT)) > 0) {
    uint32_t xid;
    memcpy(&xid, p + 4, 4);
    unsigned index = ntohl(xid) - 1;
    if (n < 243 || index >= (unsigned)started || p[240] != 53) continue;
    struct machine *m = &machines[index];
    if (m->stage != DHCP) continue;
    if (p[242] == 2 && !m->requested) {
      memcpy(&m->address, p + 16, 4);
      dhcp_send(m, 3);
    } else if (p[242] == 5 && m->requested) {
      leave(m);
    } else if (p[242] == 6) {
      fail(m, "NAK");
    }
  }
}

static void on_tftp(struct machine *m) {
  static unsigned char p[65536];
  for (;;) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(m->fd, p, sizeof p, 0, (struct sockaddr *)&from, &size);
    if (n < 4) return;
    if (p[1] == 5) return fail(m, (const char *)p + 4);
    if (p[1] == 6) {
      m->peer = from;
      m->resent = 0;
      m->agreed = memmem(p, (size_t)n, "windowsize", 10) != NULL ? (unsigned)windowsize : 1;
      tftp_ack(m, 0);
    } else if (p[1] == 3) {
      unsigned block = (unsigned)(p[2] << 8 | p[3]);
      if (m->bytes == 0) m->peer = from;
      if (block == (m->expected & 0xffff)) {
        m->resent = 0;
        m->bytes += (size_t)n - 4;
        m->expected++;
        m->window++;
        int last = n - 4 < blksize;
        if (last || m->window >= m->agreed) tftp_ack(m, block);
        if (last) {
          bytes += (double)m->bytes;
          close(m->fd);
          return leave(m);
        }
      } else if (m->window > 0) {
        tftp_ack(m, (m->expected - 1) & 0xffff); /* a block was lost: the rest of the window comes again */
      }
    }
  }
}

static void on_http(struct machine *m, uint32_t events) {
  char text[65536];
  if (events & EPOLLOUT) {
    char path[100], mac[18];
    sprintf(mac, "52:54:00:78:%02x:%02x", m->index >> 8, m->index & 255);
    sprintf(path, PATH[m->path], mac);
    int n = sprintf(text, "GET %s HTTP/1.1\r\nHost: server:8080\r\nConnection: close\r\n\r\n", path);
    if (send(m->fd, text, (size_t)n, MSG_NOSIGNAL) != n) return fail(m, "cannot send");
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = m};
    epoll_ctl(epoll, EPOLL_CTL_MOD, m->fd, &e);
    return;
  }
  ssize_t n;
  while ((n = recv(m->fd, text, sizeof text, 0)) > 0) {
    for (ssize_t i = 0; i < n && m->bytes + (size_t)i < 15; i++) m->head[m->bytes + (size_t)i] = text[i];
    m->bytes += (size_t)n;
    bytes += (double)n;
  }
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0 || strncmp(m->head + 9, "200", 3) != 0) return fail(m, n < 0 ? strerror(errno) : m->head);
  close(m->fd);
  if (++m->path < PATHS) return http_begin(m);
  leave(m);
}

static void resend_late(void) {
  double t = now();
  for (int i = 0; i < started; i++) {
    struct machine *m = &machines[i];
    if (m->due == 0 || m->due > t || m->stage == DONE) continue;
    m->resent++;
    resent++;
    if (m->resent > 6) fail(m, "no answer");
    else send_last(m);
  }
}

static void print(const char *name, int stage) {
  printf(", \"%s\": [", name);
  for (int i = 0; i < taken[stage]; i++) printf("%s%.2f", i == 0 ? "" : ",", took[stage][i]);
  printf("]");
}

int main(int argc, char **argv) {
  if (argc != 10) return fputs("boot-load SERVER RELAY FIRST STAGES AT-ONCE TOTAL BLKSIZE WINDOWSIZE FILE\n", stderr), 2;
  server = own = first = (struct sockaddr_in){.sin_family = AF_INET};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  inet_pton(AF_INET, argv[2], &own.sin_addr);
  inet_pton(AF_INET, argv[3], &first.sin_addr);
  stages = argv[4], at_once = atoi(argv[5]), total = atoi(argv[6]);
  blksize = atoi(argv[7]), windowsize = atoi(argv[8]), file = argv[9];
  if (total > MOST_MACHINES || strlen(file) > 400) return 2;
  machines = calloc((size_t)total, sizeof *machines);
  for (int i = 0; i <= STAGES; i++) took[i] = calloc((size_t)total, sizeof(double));
  epoll = epoll_create1(0);
  struct machine relay = {.index = -1};
  if (strchr(stages, 'd') != NULL) {
    dhcp_socket = relay.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int size = 1 << 22;
    setsockopt(dhcp_socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    struct sockaddr_in at = own;
    at.sin_port = htons(67);
    if (bind(dhcp_socket, (struct sockaddr *)&at, sizeof at) < 0) die("bind to port 67");
    watch(&relay, EPOLLIN);
  }
  double start = now(), looked = start;
  while (started < total && started < at_once) begin_next();
  while (finished + failed < total && now() - start < LIMIT_SECONDS) {
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, 100);
    for (int i = 0; i < n; i++) {
      struct machine *m = events[i].data.ptr;
      if (m == &relay) on_dhcp();
      else if (m->stage == TFTP) on_tftp(m);
      else if (m->stage == HTTP) on_http(m, events[i].events);
    }
    if (now() - looked > 0.1) looked = now(), resend_late();
  }
  printf("{\"finished\": %d, \"failed\": %d, \"resent\": %d, \"seconds\": %.4f, \"bytes\": %.0f", finished,
         failed + (total - finished - failed), resent, now() - start, bytes);
  print("dhcp", DHCP), print("tftp", TFTP), print("http", HTTP), print("all", STAGES);
  puts("}");
  return 0;
}
