"""Writes blocks of every number format with what the package gguf makes of them, and files to read and to fuzz.

usage: python make_gguf.py

formats.safetensors: for each format NAME the bytes of a few blocks as `NAME.blocks`, at random, then with scales that are
zero, subnormal, the largest, infinite and not a number, and their f32 by `gguf.quants.dequantize` as `NAME.numbers`.
tiny.gguf: one tensor of each format, metadata of every type. bare.gguf: no metadata. VERSIONS records what wrote them.
"""

import platform
import struct
from pathlib import Path

import gguf
import numpy
from gguf.quants import dequantize
from safetensors.numpy import save_file

HERE = Path(__file__).resolve().parent
FORMATS = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "F16", "BF16"]
# Where a block has its half-precision scales.
SCALES = {
    "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
}
EXTREME = [0x0000, 0x8000, 0x0001, 0x83FF, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00]


def blocks(name, count, rng):
    size, byte_count = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    raw = rng.integers(0, 256, (count, byte_count), dtype=numpy.uint8)
    for place in SCALES.get(name, []):
        # Scales of the size that weights have, and then all others.
        raw[:, place:place + 2] = rng.normal(0, 0.02, count).astype(numpy.float16).view(numpy.uint8).reshape(-1, 2)
        for row, half in enumerate(EXTREME if count > len(EXTREME) else []):
            raw[-1 - row, place:place + 2] = numpy.frombuffer(struct.pack("<H", half), numpy.uint8)
    return raw


def numbers(name, raw):
    kind = gguf.GGMLQuantizationType[name]
    with numpy.errstate(all="ignore"):
        if name == "F16":
            return raw.view(numpy.float16).astype(numpy.float32).reshape(-1)
        return dequantize(raw, kind).astype(numpy.float32).reshape(-1)


def write_formats(rng):
    tensors = {}
    for name in FORMATS:
        size, _ = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
        raw = blocks(name, 16 if size == 256 else 64 if size == 32 else 512, rng)
        tensors[f"{name}.blocks"] = raw.reshape(-1)
        tensors[f"{name}.numbers"] = numbers(name, raw)
    save_file(tensors, HERE / "formats.safetensors")


def write_files(rng):
    writer = gguf.GGUFWriter(HERE / "tiny.gguf", "tiny")
    writer.add_uint8("a.u8", 200)
    writer.add_int8("a.i8", -100)
    writer.add_uint16("a.u16", 60000)
    writer.add_int16("a.i16", -30000)
    writer.add_uint32("a.u32", 4000000000)
    writer.add_int32("a.i32", -2000000000)
    writer.add_uint64("a.u64", 2**63 - 1)
    writer.add_int64("a.i64", -(2**62))
    writer.add_float32("a.f32", 0.1)
    writer.add_float64("a.f64", 0.1)
    writer.add_bool("a.bool", True)
    writer.add_string("a.text", "snö")
    writer.add_array("tokenizer.ggml.tokens", ["<pad>", "▁a", "ö"])
    writer.add_array("tokenizer.ggml.scores", [0.0, -1.5, -2.25])
    writer.add_array("tokenizer.ggml.token_type", [3, 1, 1])
    for name in FORMATS:
        size, byte_count = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
        columns = max(size, 8)
        raw = blocks(name, 2 * columns // size, rng).reshape(2, -1)
        if name == "F16":
            writer.add_tensor(name, raw.view(numpy.float16))
        else:
            writer.add_tensor(name, raw, raw_dtype=gguf.GGMLQuantizationType[name])
    writer.add_tensor("norm", numpy.arange(5, dtype=numpy.float32))
    # As ComfyUI-GGUF stores a convolution whose rows fill no blocks.
    raw = blocks("Q8_0", 9, rng)
    writer.add_array("comfy.gguf.orig_shape.conv", [4, 8, 3, 3])
    writer.add_tensor("conv", raw.reshape(9, -1), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    # As stable-diffusion.cpp's converter writes them: no metadata, not even the architecture.
    data = numpy.arange(6, dtype=numpy.float32).tobytes()
    name = b"model.diffusion_model.w"
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 0)
    header += struct.pack("<Q", len(name)) + name + struct.pack("<IQQIQ", 2, 3, 2, 0, 0)
    header += bytes(-len(header) % 32)
    (HERE / "bare.gguf").write_bytes(header + data)


if __name__ == "__main__":
    rng = numpy.random.default_rng(16)
    write_formats(rng)
    write_files(rng)
    from importlib.metadata import version
    (HERE / "VERSIONS").write_text(
        f"python {platform.python_version()}\ngguf {version('gguf')}\nnumpy {numpy.__version__}\n")
