"""Writes what the tests of pictures, masks and latents compare with beside it: resizing.safetensors, adjusting.safetensors,
edges.safetensors and jpegs.json.

usage: python make_tools.py      (needs Pillow, torch, kornia, numpy and safetensors; the files record the versions that wrote them)

resizing.safetensors: a picture of 8 bits (as floats in 0...255) and what Pillow's `resize` makes of it with every filter,
`FILTER.WIDTHxHEIGHT`; a latent and what torch's `interpolate` makes of it, `latent.MODE.WIDTHxHEIGHT`. Of bislerp the
formula in double precision: along rows, then along columns, each cell lies between two neighbours as in `bilinear`; their
vectors of channels are mixed on the arc between their directions, and the lengths linearly.
adjusting.safetensors: what Pillow's ImageEnhance makes of the picture.
edges.safetensors: a picture in 0...1, and the edges that kornia's `canny` finds in it, `edges.LOW.HIGH`.
jpegs.json: JPEG files of all kinds, with the pixels that Pillow gives for them after `exif_transpose` and `convert("RGB")`.
"""

import base64
import io
import json
from pathlib import Path

import kornia
import numpy
import PIL
import torch
from PIL import Image, ImageEnhance, ImageOps, features
from safetensors.numpy import save_file

HERE = Path(__file__).resolve().parent
SIZES = [(13, 9), (26, 18), (7, 5), (31, 3), (1, 1), (5, 40), (12, 10)]
random = numpy.random.default_rng(18)
VERSIONS = {"pillow": PIL.__version__, "torch": torch.__version__, "numpy": numpy.__version__, "kornia": kornia.__version__,
            "libjpeg-turbo": str(features.version_feature("libjpeg_turbo"))}


def planes(picture):
    return numpy.asarray(picture, dtype=numpy.float32).transpose(2, 0, 1)[None].copy()


def sharp_picture(width, height):
    """Noise beside plain areas and edges, where filters overshoot."""
    pixels = random.integers(0, 256, (height, width, 3))
    pixels[: height // 2, : width // 2] = 255
    pixels[height // 2 :, : width // 3] = 0
    return Image.fromarray(pixels.astype(numpy.uint8))


# ---------------------------------------------------------------------------------------------------- resizing

def bislerped_columns(latent, width):
    """latent [n, c, h, w] in double precision."""
    old = latent.shape[3]
    place = numpy.maximum((numpy.arange(width) + 0.5) * old / width - 0.5, 0)
    first = numpy.minimum(place.astype(int), old - 1)
    second = numpy.minimum(first + 1, old - 1)
    t = (place - first) * (second > first)
    a, b = latent[..., first], latent[..., second]
    la, lb = (numpy.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    ua, ub = a / numpy.where(la > 0, la, 1), b / numpy.where(lb > 0, lb, 1)
    cosine = (ua * ub).sum(1, keepdims=True)
    angle = numpy.arccos(numpy.clip(cosine, -1, 1))
    sine = numpy.where(numpy.sin(angle) == 0, 1, numpy.sin(angle))
    arc = (numpy.sin((1 - t) * angle) * ua + numpy.sin(t * angle) * ub) / sine * ((1 - t) * la + t * lb)
    return numpy.where(cosine > 1 - 1e-5, a, numpy.where(cosine < 1e-5 - 1, (1 - t) * a + t * b, arc))


def bislerped(latent, height, width):
    wide = latent if width == latent.shape[3] else bislerped_columns(latent, width)
    if height == latent.shape[2]:
        return wide
    return bislerped_columns(wide.transpose(0, 1, 3, 2), height).transpose(0, 1, 3, 2)


picture = sharp_picture(13, 9)
tensors = {"picture": planes(picture)}
filters = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC,
           "lanczos": Image.LANCZOS, "area": Image.BOX}
for name, kind in filters.items():
    for size in SIZES:
        tensors[f"{name}.{size[0]}x{size[1]}"] = planes(picture.resize(size, kind))
latent = random.standard_normal((2, 4, 9, 13)).astype(numpy.float32)
latent[0, :, 0, 0] = 0  # a cell of no length
latent[0, :, 2, 3] = latent[0, :, 2, 2]  # neighbours that point the same way
latent[1, :, 2, 3] = -latent[1, :, 2, 2]  # and opposite ways
tensors["latent"] = latent
for mode in ["nearest", "nearest-exact", "bilinear", "bicubic", "area"]:
    for width, height in SIZES:
        resized = torch.nn.functional.interpolate(torch.from_numpy(latent), size=(height, width), mode=mode)
        tensors[f"latent.{mode}.{width}x{height}"] = resized.numpy()
for width, height in SIZES:
    exact = bislerped(latent.astype(numpy.float64), height, width)
    tensors[f"latent.bislerp.{width}x{height}"] = exact.astype(numpy.float32)
save_file({k: numpy.ascontiguousarray(v) for k, v in tensors.items()}, HERE / "resizing.safetensors", VERSIONS)

# --------------------------------------------------------------------------------------------------- adjusting

tensors = {"picture": planes(picture)}
for name, kind in {"brightness": ImageEnhance.Brightness, "contrast": ImageEnhance.Contrast,
                   "saturation": ImageEnhance.Color}.items():
    for factor in (0.0, 0.4, 1.7):
        tensors[f"{name}.{factor}"] = planes(kind(picture).enhance(factor))
save_file(tensors, HERE / "adjusting.safetensors", VERSIONS)

# ------------------------------------------------------------------------------------------------------ edges

y, x = numpy.mgrid[0:31, 0:43].astype(numpy.float32)
waves = [0.5 + 0.3 * numpy.sin(x / (5 + c) + 1.7 * c) * numpy.cos(y / (4 + c)) for c in range(3)]
disc = (numpy.hypot(x - 25.3, y - 14.1) < 9.7) * numpy.array([0.4, 0.3, -0.35])[:, None, None]
edges = torch.from_numpy((numpy.stack(waves) + disc).clip(0, 1).astype(numpy.float32))[None]
tensors = {"picture": edges.numpy()}
for low, high in ((0.4, 0.8), (0.1, 0.3), (0.2, 0.95)):
    tensors[f"edges.{low}.{high}"] = kornia.filters.canny(edges, low, high)[1].numpy()
save_file(tensors, HERE / "edges.safetensors", VERSIONS)

# ------------------------------------------------------------------------------------------------------- JPEG

def jpeg(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def smooth_picture(width, height, mode="RGB"):
    y, x = numpy.mgrid[0:height, 0:width]
    channels = [128 + 100 * numpy.sin(x / 5 + c) * numpy.cos(y / (4 + c)) for c in range(4)]
    pixels = numpy.stack(channels, 2).clip(0, 255).astype(numpy.uint8)
    return Image.fromarray(pixels, "CMYK").convert(mode) if mode == "CMYK" else Image.fromarray(pixels[..., :3]).convert(mode)


def exif(orientation, order="MM"):
    big = order == "MM"
    def number(value, size):
        return value.to_bytes(size, "big" if big else "little")
    tiff = order.encode() + number(42, 2) + number(8, 4) + number(1, 2) + number(0x112, 2) + number(3, 2) + number(1, 4)
    return b"Exif\0\0" + tiff + number(orientation, 2) + b"\0\0" + number(0, 4)


def with_segment(file, data):
    """An APP1 segment behind the start of the image."""
    return file[:2] + b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data + file[2:]


XMP = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'
files = {}
for name, options in {
    "4-2-0": {"quality": 75}, "4-2-2": {"quality": 90, "subsampling": 1}, "4-4-4": {"quality": 95, "subsampling": 0},
    "progressive": {"quality": 80, "progressive": True}, "restarts": {"quality": 60, "restart_marker_blocks": 2},
    "rgb": {"quality": 85, "keep_rgb": True}, "worst": {"quality": 1}, "best": {"quality": 100},
}.items():
    files[name] = jpeg(smooth_picture(37, 23), **options)
files["grey"] = jpeg(smooth_picture(19, 33, "L"), quality=80)
files["grey progressive"] = jpeg(smooth_picture(19, 33, "L"), quality=80, progressive=True)
files["cmyk"] = jpeg(smooth_picture(29, 18, "CMYK"), quality=85)
files["cmyk progressive"] = jpeg(smooth_picture(29, 18, "CMYK"), quality=85, progressive=True)
files["one pixel"] = jpeg(smooth_picture(1, 1), quality=90)
files["one row"] = jpeg(smooth_picture(70, 1), quality=90)
files["one column"] = jpeg(smooth_picture(1, 70), quality=90)
for orientation in range(1, 9):
    files[f"exif {orientation}"] = with_segment(files["4-4-4"], exif(orientation, "MM" if orientation % 2 else "II"))
    files[f"xmp {orientation}"] = with_segment(files["4-2-0"], XMP % orientation)
files["exif 9"] = with_segment(files["grey"], exif(9))
files["exif before xmp"] = with_segment(with_segment(files["grey"], exif(6)), XMP % 3)
files["exif in two segments"] = with_segment(with_segment(files["grey"], b"Exif\0\0" + exif(8)[16:]), exif(8)[:16])
files["bytes behind the end"] = files["4-2-0"] + b"more"
pictures = []
for name, file in files.items():
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert("RGB")
    pictures.append({"name": name, "jpeg": base64.b64encode(file).decode(), "width": seen.width, "height": seen.height,
                     "pixels": base64.b64encode(seen.tobytes()).decode()})
(HERE / "jpegs.json").write_text(json.dumps({"versions": VERSIONS, "pictures": pictures}, indent=0) + "\n")
corpus = HERE.parent / "fuzz" / "jpeg"
corpus.mkdir(exist_ok=True)
for name in ["4-2-0", "progressive", "grey", "cmyk", "exif 6", "xmp 3", "restarts"]:
    (corpus / name.replace(" ", "-")).write_bytes(files[name])
