#!/usr/bin/env python3
"""Times CLBlast's SGEMM at the shapes of `cglora bench --suite gemm`, on any OpenCL device.

An optional check; cglora itself needs neither Python nor CLBlast. Needed here: Python 3.8 or newer,
an OpenCL loader (libOpenCL) and CLBlast (Debian: libclblast1). It writes a record that
`cglora bench compare` sets beside ours:

    scripts/peers/clblast_gemm.py --device opencl:0:0 -r 5 > clblast.json
    scripts/cglora bench --suite gemm --device opencl:0:0 -r 5 --save cglora.json
    scripts/cglora bench compare clblast.json cglora.json

Each product is compared with float64 at 64 elements before it is timed, as cglora's are. Operands
stay on the device; a sample is as many products in a row as take 50 ms.
"""
import argparse
import array
import ctypes
import ctypes.util
import datetime
import json
import math
import os
import platform
import random
import sys
import time

FORMAT = 1
SUITE_VERSION = 4
TOKENS = (512, 2048, 8192)
WIDTHS = (
    (384, 384), (1536, 384), (384, 1536), (512, 512), (768, 768), (3072, 768),
    (768, 3072), (1024, 1024), (4096, 1024), (1024, 4096), (4096, 4096))
FORMS = ("NN", "NT", "TN")

SAMPLE_SECONDS = 0.05
COMPARED = 64

ROW_MAJOR = 101
NO, YES = 111, 112
ALL_DEVICES = 0xFFFFFFFF
READ_WRITE = 1
PLATFORM_NAME = 0x0902
DEVICE_NAME, DRIVER_VERSION, LANGUAGE_VERSION = 0x102B, 0x102D, 0x103D

handle = ctypes.c_void_p


def library(name, needed):
    path = ctypes.util.find_library(name)
    if path is None:
        sys.exit(f"error: no {name}: {needed}")
    return ctypes.CDLL(path)


def must(status, what):
    if status != 0:
        raise RuntimeError(f"{what} gives status {status}")


class Device:
    """A device, its context and its queue."""

    def __init__(self, cl, platform_index, device_index):
        self.cl = cl
        for function in ("clCreateContext", "clCreateCommandQueue", "clCreateBuffer"):
            getattr(cl, function).restype = handle
        count = ctypes.c_uint()
        must(cl.clGetPlatformIDs(0, None, ctypes.byref(count)), "clGetPlatformIDs")
        platforms = (handle * count.value)()
        must(cl.clGetPlatformIDs(count, platforms, None), "clGetPlatformIDs")
        if platform_index >= count.value:
            sys.exit(f"error: there are {count.value} OpenCL platforms")
        self.platform = handle(platforms[platform_index])
        kinds = ctypes.c_ulong(ALL_DEVICES)
        must(cl.clGetDeviceIDs(self.platform, kinds, 0, None, ctypes.byref(count)),
             "clGetDeviceIDs")
        devices = (handle * count.value)()
        must(cl.clGetDeviceIDs(self.platform, kinds, count, devices, None), "clGetDeviceIDs")
        if device_index >= count.value:
            sys.exit(f"error: the platform has {count.value} devices")
        self.device = handle(devices[device_index])
        status = ctypes.c_int()
        one = (handle * 1)(self.device.value)
        self.context = handle(cl.clCreateContext(None, 1, one, None, None, ctypes.byref(status)))
        must(status.value, "clCreateContext")
        self.queue = handle(cl.clCreateCommandQueue(
            self.context, self.device, ctypes.c_ulong(0), ctypes.byref(status)))
        must(status.value, "clCreateCommandQueue")

    def text(self, function, of, key):
        size = ctypes.c_size_t()
        must(function(of, key, ctypes.c_size_t(0), None, ctypes.byref(size)), "information")
        value = ctypes.create_string_buffer(size.value)
        must(function(of, key, size, value, None), "information")
        return value.value.decode("utf-8", "replace").strip()

    def buffer(self, values):
        status = ctypes.c_int()
        size = ctypes.c_size_t(4 * len(values))
        memory = handle(self.cl.clCreateBuffer(
            self.context, ctypes.c_ulong(READ_WRITE), size, None, ctypes.byref(status)))
        must(status.value, "clCreateBuffer")
        address, _ = values.buffer_info()
        must(self.cl.clEnqueueWriteBuffer(
            self.queue, memory, 1, ctypes.c_size_t(0), size, handle(address), 0, None, None),
            "clEnqueueWriteBuffer")
        return memory

    def read(self, memory, values):
        address, length = values.buffer_info()
        must(self.cl.clEnqueueReadBuffer(
            self.queue, memory, 1, ctypes.c_size_t(0), ctypes.c_size_t(4 * length),
            handle(address), 0, None, None), "clEnqueueReadBuffer")

    def finish(self):
        must(self.cl.clFinish(self.queue), "clFinish")

    def free(self, memory):
        must(self.cl.clReleaseMemObject(memory), "clReleaseMemObject")


def floats(seed, length):
    """Numbers of [-1, 1]; a prime number of them repeats."""
    source = random.Random(seed)
    period = array.array("f", (source.uniform(-1, 1) for _ in range(65521)))
    values = period * (length // len(period) + 1)
    return values[:length]


def compare(form, m, n, k, a, b, c):
    """The first element that is too far off; empty where none is."""
    for s in range(COMPARED):
        at = s * (m * n - 1) // (COMPARED - 1)
        row, column = divmod(at, n)
        total = size = 0.0
        for p in range(k):
            x = a[p * m + row] if form == "TN" else a[row * k + p]
            y = b[column * k + p] if form == "NT" else b[p * n + column]
            total += x * y
            size += abs(x * y)
        if not abs(c[at] - total) <= (k + 1) * 2.0 ** -24 * size:
            return f"gives {c[at]} at ({row}, {column}), expected {total}"
    return ""


def product(device, blas, form, m, n, k, repetitions):
    """GFLOP/s of each sample."""
    a, b = floats(1, m * k), floats(2, k * n)
    c = array.array("f", bytes(4 * m * n))
    memory = [device.buffer(values) for values in (a, b, c)]
    size = ctypes.c_size_t
    queue = ctypes.byref(device.queue)

    def once():
        must(blas.CLBlastSgemm(
            ROW_MAJOR, YES if form == "TN" else NO, YES if form == "NT" else NO,
            size(m), size(n), size(k), ctypes.c_float(1),
            memory[0], size(0), size(m if form == "TN" else k),
            memory[1], size(0), size(k if form == "NT" else n), ctypes.c_float(0),
            memory[2], size(0), size(n), queue, None), "CLBlastSgemm")

    def seconds(executions):
        start = time.perf_counter()
        for _ in range(executions):
            once()
            device.finish()
        return (time.perf_counter() - start) / executions

    try:
        once()
        device.finish()
        device.read(memory[2], c)
        failure = compare(form, m, n, k, a, b, c)
        if failure:
            raise RuntimeError(failure)
        executions = max(1, math.ceil(SAMPLE_SECONDS / seconds(1)))
        seconds(executions)
        return [2e-9 * m * n * k / seconds(executions) for _ in range(repetitions)]
    finally:
        for part in memory:
            device.free(part)


def results(device, blas, repetitions, tokens):
    found = []
    for m in tokens:
        for n, k in WIDTHS:
            for form in FORMS:
                entry = {"suite": "gemm", "test": f"{form} {m}×{n}×{k}", "unit": "GFLOP/s",
                         "samples": [], "of_peak": None, "failure": ""}
                try:
                    entry["samples"] = product(device, blas, form, m, n, k, repetitions)
                    told = f"{sorted(entry['samples'])[repetitions // 2]:.1f} GFLOP/s"
                except RuntimeError as failure:
                    entry["failure"] = told = str(failure)
                print(f"  {entry['test']}  {told}", file=sys.stderr, flush=True)
                found.append(entry)
    return found


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def memory_bytes():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--device", default="opencl:0:0", help="as cglora devices lists it")
    options.add_argument("-r", "--repetitions", type=int, default=5)
    options.add_argument("--tokens", default=",".join(map(str, TOKENS)), help="fewer of them")
    given = options.parse_args()
    parts = given.device.split(":")
    if len(parts) != 3 or parts[0] != "opencl" or not all(p.isdigit() for p in parts[1:]):
        options.error("--device is as in opencl:0:0")
    if given.repetitions < 1:
        options.error("at least 1 repetition")
    tokens = [int(text) for text in given.tokens.split(",")]
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    cl = library("OpenCL", "install an OpenCL loader, such as ocl-icd-libopencl1")
    blas = library("clblast", "install CLBlast, such as libclblast1")
    device = Device(cl, int(parts[1]), int(parts[2]))
    measured = results(device, blas, given.repetitions, tokens)
    record = {
        "cglora_bench": FORMAT,
        "suite_version": SUITE_VERSION,
        "cglora": "none: CLBlast",
        "commit": "",
        "date": date,
        "repetitions": given.repetitions,
        "suites": ["gemm"],
        "machine": {
            "os": f"{platform.system()} {platform.release()} {platform.machine()}",
            "processor": processor(),
            "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
            else os.cpu_count(),
            "memory_bytes": memory_bytes(),
            "java": f"none, Python {platform.python_version()}"},
        "devices": [{
            "id": given.device,
            "name": device.text(cl.clGetDeviceInfo, device.device, DEVICE_NAME),
            "engine": "CLBlast, " + os.path.basename(blas._name),
            "backend": "opencl",
            "platform": device.text(cl.clGetPlatformInfo, device.platform, PLATFORM_NAME),
            "driver": device.text(cl.clGetDeviceInfo, device.device, DRIVER_VERSION),
            "language": device.text(cl.clGetDeviceInfo, device.device, LANGUAGE_VERSION),
            "profile": "",
            "runtime": "",
            "agreeing": 0,
            "wrong": [],
            "results": measured,
            "notes": ["CLBlast's SGEMM"],
            "failure": ""}]}
    json.dump(record, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
