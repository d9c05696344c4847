export { type ControlIo, controlSandbox } from "./control/control-client.ts";
export type { ControlRequest } from "./control/control-protocol.ts";
export { liveSandboxes, type RegistryEntry, registryDirectory } from "./control/registry.ts";
export { type BootFiles, nodeImageFiles, verifyBootFiles } from "./files/boot-files.ts";
export { type InterruptSignal, interruptSignal } from "./interrupt-signal.ts";
export { createNetwork, type IsolatedNetwork, type NetworkSpec, processesInside } from "./network/network.ts";
export { machineDocument, type NodePlan, type NodePlanOptions, planNodes, SANDBOX_NETWORK } from "./nodes/node-plan.ts";
export type { TextOutput } from "./nodes/progress-display.ts";
export { type MachineProgress, parseServerEvent, type ServerEvent, type ServerStage } from "./nodes/server-event.ts";
export {
  type Acquisition,
  acquireTogether,
  createLifetime,
  type Lifetime,
  type ReleaseFailure,
} from "./process/lifetime.ts";
export { findTools, TOOL_PACKAGE, type Tool } from "./process/tools.ts";
export { type KvmProbe, type KvmProbeOptions, probeKvm, probeKvmOnce } from "./qemu/kvm.ts";
export { type Accelerator, type Firmware, type MachineSpec, qemuArguments } from "./qemu/qemu-arguments.ts";
export { connectQmp, type Qmp, type QmpConnectOptions, type QmpEvent } from "./qemu/qmp.ts";
export {
  createVirtualMachine,
  type MachineEnvironment,
  type MachineEvent,
  prepareMachine,
  type VirtualMachine,
} from "./qemu/virtual-machine.ts";
export { runSandbox } from "./sandbox.ts";
export { SandboxError, type SandboxErrorCode } from "./sandbox-error.ts";
export type { SandboxIo, SandboxOptions, SettingsFacts } from "./sandbox-options.ts";
