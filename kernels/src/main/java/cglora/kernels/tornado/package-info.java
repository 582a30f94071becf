/// Programs as TornadoVM task graphs, on OpenCL, SPIR-V and PTX devices.
///
/// Nothing outside this package and `cglora.kernels.device` touches TornadoVM's classes, which are
/// there only where its launcher or argument file started the VM.
package cglora.kernels.tornado;
