"""Writes samples.json and orientations.json beside it: small PNG files, and what their reference readers make of them.

usage: python make_pictures.py      (needs diffusers, Pillow and libpng16; the files record the versions that wrote them)

samples.json: a picture of every colour type, depth and interlacing, some with tRNS, cut into IDAT chunks of a few bytes,
with the 8-bit RGB pixels that libpng's full reader gives (scale 16, expand, strip alpha, grey to RGB, interlace handling).
diffusers' `load_image` agrees within 1, but for 16-bit grey, which it clips at 255.

orientations.json: pictures that say in many ways how they are turned, with the orientation by which `load_image` turns
them. Where it does not open a file, `refused` is its error, and the orientation that of the file without what it refuses.
"""

import base64
import ctypes
import json
import random
import struct
import tempfile
import warnings
import zlib
from pathlib import Path

import diffusers
import PIL
from diffusers.utils import load_image
from PIL import Image

HERE = Path(__file__).resolve().parent
SIGNATURE = b"\x89PNG\r\n\x1a\n"
warnings.simplefilter("ignore")


def chunk(kind, data, check=None):
    """A chunk, with a wrong checksum where one is given."""
    check = zlib.crc32(kind + data) if check is None else check
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def header(width, height, depth, colour, interlaced=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def read(data):
    """The picture that load_image makes of a file's bytes."""
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(data)
        file.flush()
        return load_image(file.name)


def write(name, content):
    (HERE / name).write_text(json.dumps(content, indent=0) + "\n")
    print(name, len(content["pictures"]), "pictures")


# ------------------------------------------------------------------------------------------------------ samples

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def packed(samples, depth):
    if depth >= 8:
        return b"".join(s.to_bytes(depth // 8, "big") for s in samples)
    bits = "".join(f"{s:0{depth}b}" for s in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def filtered(kind, row, above, distance):
    out = bytearray([kind])
    for i, value in enumerate(row):
        a = row[i - distance] if i >= distance else 0
        b = above[i] if above else 0
        c = above[i - distance] if above and i >= distance else 0
        estimate = a + b - c
        paeth = min((abs(estimate - x), n, x) for n, x in enumerate((a, b, c)))[2]
        out.append(value - (0, a, b, (a + b) // 2, paeth)[kind] & 255)
    return bytes(out)


def picture(width, height, colour, depth, interlaced, draw, palette=None, transparent=None):
    top = len(palette) // 3 - 1 if palette else (1 << depth) - 1
    channels = CHANNELS[colour]
    pixels = [[[draw.randint(0, top) for _ in range(channels)] for _ in range(width)] for _ in range(height)]
    data = b""
    for left, first, across, down in PASSES if interlaced else [(0, 0, 1, 1)]:
        above = None
        for y in range(first, height, down):
            samples = [s for x in range(left, width, across) for s in pixels[y][x]]
            if samples:
                row = packed(samples, depth)
                data += filtered(draw.randrange(5), row, above, max(1, channels * depth // 8))
                above = row
    data = zlib.compress(data, 9)
    file = SIGNATURE + header(width, height, depth, colour, interlaced)
    file += chunk(b"PLTE", palette) if palette else b""
    file += chunk(b"tRNS", transparent) if transparent else b""
    cut = draw.choice((1, 13, 64, len(data)))
    file += b"".join(chunk(b"IDAT", data[i : i + cut]) for i in range(0, len(data), cut))
    return file + chunk(b"IEND", b"") + draw.choice((b"", b"junk", b"\0" * 40))


def libpng_pixels(data, png=ctypes.CDLL("libpng16.so.16"), c=ctypes.CDLL(None)):
    """What libpng's full reader makes of a sound file."""
    c.fopen.restype = png.png_create_read_struct.restype = png.png_create_info_struct.restype = ctypes.c_void_p
    png.png_get_libpng_ver.restype = ctypes.c_char_p
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        stream = ctypes.c_void_p(c.fopen(file.name.encode(), b"rb"))
        reader = ctypes.c_void_p(png.png_create_read_struct(png.png_get_libpng_ver(None), None, None, None))
        info = ctypes.c_void_p(png.png_create_info_struct(reader))
        png.png_init_io(reader, stream)
        png.png_read_info(reader, info)
        width, height = png.png_get_image_width(reader, info), png.png_get_image_height(reader, info)
        for transform in (png.png_set_scale_16, png.png_set_expand, png.png_set_strip_alpha, png.png_set_gray_to_rgb):
            transform(reader)
        png.png_set_interlace_handling(reader)
        png.png_read_update_info(reader, info)
        rows = [ctypes.create_string_buffer(width * 3) for _ in range(height)]
        png.png_read_image(reader, (ctypes.c_void_p * height)(*map(ctypes.addressof, rows)))
        c.fclose(stream)
        return b"".join(row.raw for row in rows)


def samples():
    draw = random.Random(13)
    pictures = []
    for colour, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (0, 1):
                palette = draw.randbytes(3 * min(1 << depth, 77)) if colour == 3 else None
                clear = {0: b"\0\1", 2: b"\0\1\0\2\0\3", 3: b"\0\x80"}.get(colour) if draw.randrange(2) else None
                width, height = draw.randint(1, 9), draw.randint(1, 9)
                file = picture(width, height, colour, depth, interlaced, draw, palette, clear)
                pixels = libpng_pixels(file)
                if (colour, depth) != (0, 16):
                    assert max(abs(a - b) for a, b in zip(read(file).tobytes(), pixels)) <= 1
                pictures.append(
                    {
                        "name": f"colour type {colour}, {depth} bits" + ", interlaced" * interlaced + ", tRNS" * bool(clear),
                        "png": base64.b64encode(file).decode(),
                        "width": width,
                        "height": height,
                        "pixels": base64.b64encode(pixels).decode(),
                    }
                )
    version = ctypes.CDLL("libpng16.so.16").png_get_libpng_ver
    version.restype = ctypes.c_char_p
    write("samples.json", {"versions": f"libpng {version(None).decode()}", "pictures": pictures})


# -------------------------------------------------------------------------------------------------- orientations

WIDTH, HEIGHT = 3, 2
ROWS = b"".join(b"\0" + bytes((40 * (WIDTH * y + x), 255 - 30 * x, 90 * y)[c] for x in range(WIDTH) for c in range(3)) for y in range(HEIGHT))
PIXELS = zlib.compress(ROWS)
IHDR, IDAT, IEND = header(WIDTH, HEIGHT, 8, 2), chunk(b"IDAT", PIXELS), chunk(b"IEND", b"")
EXIF, APP1, XMP = b"Raw profile type exif", b"Raw profile type APP1", b"XML:com.adobe.xmp"


def png(before=b"", after=b"", end=IEND):
    return SIGNATURE + IHDR + before + IDAT + after + end


def short(value, order="<"):
    return struct.pack(order + "H", value) + b"\0\0"


def tiff(entries, order="<", magic=42, offset=8, count=None, next_offset=0, extra=b""):
    """A TIFF directory of entries (tag, type, count, four bytes)."""
    data = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", magic, offset)
    data += struct.pack(order + "H", len(entries) if count is None else count)
    data += b"".join(struct.pack(order + "HHI", *entry[:3]) + entry[3] for entry in entries)
    return data + struct.pack(order + "I", next_offset) + extra


def turned(value, order="<"):
    return tiff([(274, 3, 1, short(value, order))], order)


def exif(data, check=None):
    return chunk(b"eXIf", data, check)


def text(keyword, value):
    return chunk(b"tEXt", keyword + b"\0" + value)


def ztxt(keyword, value, packed=None, method=0):
    return chunk(b"zTXt", keyword + b"\0" + bytes([method]) + (packed or zlib.compress(value)))


def itxt(keyword, value, flag=0, method=0, language=b"", translated=b"", packed=None, check=None):
    value = packed or (zlib.compress(value) if flag else value)
    fields = keyword + b"\0" + bytes([flag, method]) + language + b"\0" + translated + b"\0" + value
    return chunk(b"iTXt", fields, check)


def profile(data, upper=False):
    """The form of ImageMagick: 72 digits a line."""
    digits = data.hex().upper() if upper else data.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return b"\nexif\n%8d\n" % len(data) + "\n".join(lines).encode() + b"\n"


def xmp(value, element=False):
    inside = b"><tiff:Orientation>%s</tiff:Orientation></rdf:Description>" if element else b' tiff:Orientation="%s"/>'
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description' + inside % value + b"</x:xmpmeta>"


def typed(kind, count, value):
    """An orientation of another type than a short; values of more than four bytes come after the directory."""
    fits = len(value) <= 4
    entry = (274, kind, count, value.ljust(4, b"\0") if fits else struct.pack("<I", 26))
    return exif(tiff([entry], extra=b"" if fits else value)) + itxt(XMP, xmp(b"3"))


def animation(before_frames=b"", between=b"", after=b"", default=False):
    def control(number):
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0))

    first = b"" if default else control(0)
    frame = control(0 if default else 1) + chunk(b"fdAT", struct.pack(">I", 1 if default else 2) + PIXELS)
    head = chunk(b"acTL", struct.pack(">II", 1 if default else 2, 0))
    return png(head + before_frames + first, between + frame + after)


def cases():
    """Names with files; where load_image may refuse the file, another one without what it refuses."""
    six, eight = turned(6), turned(8)
    for value in range(10):
        yield f"eXIf {value}", png(exif(turned(value)))
        yield f"eXIf {value}, big-endian, after the pixels", png(b"", exif(turned(value, ">")))
        yield f"profile {value}", png(text(EXIF, profile(b"Exif\0\0" + turned(value))))
        yield f"XMP attribute {value}", png(itxt(XMP, xmp(b"%d" % value)))
        yield f"XMP element {value}, packed, after the pixels", png(b"", itxt(XMP, xmp(b"%d" % value, True), 1))
    # Where profiles are, and how they are written.
    yield "profile without a prefix", png(text(EXIF, profile(six)))
    yield "profile with two prefixes", png(text(EXIF, profile(b"Exif\0\0" * 2 + six)))
    yield "profile with three prefixes", png(text(EXIF, profile(b"Exif\0\0" * 3 + six))), png()
    yield "eXIf with a prefix", png(exif(b"Exif\0\0" + six))
    yield "eXIf with two prefixes", png(exif(b"Exif\0\0" * 2 + six)), png()
    yield "profile in zTXt", png(ztxt(EXIF, profile(b"Exif\0\0" + six)))
    yield "profile in iTXt", png(itxt(EXIF, profile(six)))
    yield "profile in packed iTXt after the pixels", png(b"", itxt(EXIF, profile(six), 1))
    yield "APP1 profile", png(text(APP1, profile(b"Exif\0\0" + six)))
    yield "APP1 profile in zTXt", png(ztxt(APP1, profile(b"Exif\0\0" + six)))
    yield "profile in capitals", png(text(EXIF, profile(six, upper=True)))
    yield "profile of a wrong length", png(text(EXIF, b"\nexif\n 9999\n" + six.hex().encode()))
    yield "profile without its blank line", png(text(EXIF, b"exif\n 26\n" + six.hex().encode()))
    yield "profile with spaces", png(text(EXIF, b"\nexif\n 26\n\t" + six.hex(" ").encode() + b"\r\n"))
    yield "profile with a space in a byte", png(text(EXIF, b"\nexif\n 26\n4 9" + six.hex()[2:].encode())), png()
    yield "profile cut within a byte", png(text(EXIF, b"\nexif\n 26\n" + six.hex()[:-1].encode())), png()
    yield "profile that is none", png(text(EXIF, b"\nexif\n 26\nzz\n")), png()
    yield "profile that is none, XMP 8", png(text(EXIF, b"\nexif\n 26\nzz\n") + itxt(XMP, xmp(b"8"))), png(itxt(XMP, xmp(b"8")))
    yield "profile that is empty, XMP 8", png(text(EXIF, b"") + itxt(XMP, xmp(b"8")))
    # Which of several counts.
    yield "two eXIf", png(exif(six) + exif(eight))
    yield "eXIf before and after the pixels", png(exif(six), exif(eight))
    yield "eXIf 6, a profile 8", png(text(EXIF, profile(eight)), exif(six))
    yield "eXIf 6, XMP 8", png(itxt(XMP, xmp(b"8")), exif(six))
    yield "eXIf 1, XMP 8", png(itxt(XMP, xmp(b"8")) + exif(turned(1)))
    yield "eXIf 9, XMP 8", png(itxt(XMP, xmp(b"8")) + exif(turned(9)))
    yield "eXIf that says nothing, a profile 6, XMP 8", png(exif(tiff([(256, 3, 1, short(6))])) + text(EXIF, profile(six)) + itxt(XMP, xmp(b"8")))
    yield "profiles 6 and 8", png(text(EXIF, profile(six)) + ztxt(EXIF, profile(eight)))
    yield "profile 6, then an empty one", png(text(EXIF, profile(six)) + text(EXIF, b""))
    yield "profile 6, then a damaged one", png(text(EXIF, profile(six)) + ztxt(EXIF, b"", b"damaged"))
    yield "text exif 6", png(text(b"exif", six))
    yield "text exif 6, then eXIf 8", png(text(b"exif", six) + exif(eight))
    yield "eXIf 8, then text exif 6", png(exif(eight) + text(b"exif", six))
    yield "eXIf 8, then packed text exif 6", png(exif(eight) + ztxt(b"exif", six)), png(exif(eight))
    yield "XMP 6 and 8", png(itxt(XMP, xmp(b"6")), itxt(XMP, xmp(b"8")))
    yield "XMP 6, then XMP that says nothing", png(itxt(XMP, xmp(b"6")) + itxt(XMP, b"<x/>"))
    yield "XMP as tEXt", png(text(XMP, xmp(b"6")))
    yield "XMP as zTXt", png(ztxt(XMP, xmp(b"6")))
    # Broken Exif.
    for name, data in {
        "empty": b"",
        "a header alone": b"II*\0\x08\0\0\0",
        "no TIFF": b"junkjunkjunk",
        "half a header": b"II*\0",
        "cut in its count": six[:9],
        "cut in its entry": six[:15],
        "cut before its value": six[:18],
        "cut after its entry": six[:22],
        "beyond its end": tiff([(274, 3, 1, short(6))], offset=9999),
        "at 2^32 - 1": tiff([(274, 3, 1, short(6))], offset=0xFFFFFFFF),
        "at 0": tiff([(274, 3, 1, short(6))], offset=0),
        "of 40 entries": tiff([(274, 3, 1, short(6))], count=40),
        "of no entry": tiff([(274, 3, 1, short(6))], count=0),
        "of another number": tiff([(274, 3, 1, short(6))], magic=41),
        "of a number in the other order": tiff([(274, 3, 1, short(6))], magic=42 << 8),
        "big-endian, of BigTIFF's number": tiff([(274, 3, 1, short(6, ">"))], ">", magic=43),
        "BigTIFF": b"II\x2b\0\x08\0\0\0" + struct.pack("<QQHHQQQ", 16, 1, 274, 3, 1, 6, 0),
        "after an entry cut off": tiff([(271, 2, 8, struct.pack("<I", 36)), (274, 3, 1, short(6))]),
        "after an entry too large": tiff([(271, 2, 400, struct.pack("<I", 36)), (274, 3, 1, short(6))]),
        "after an entry elsewhere": tiff([(271, 2, 8, struct.pack("<I", 38)), (274, 3, 1, short(6))], extra=b"a camera"),
        "before an entry cut off": tiff([(274, 3, 1, short(6)), (271, 2, 8, struct.pack("<I", 36))]),
        "in a directory below": tiff([(34665, 4, 1, struct.pack("<I", 26))], extra=struct.pack("<HHHI", 1, 274, 3, 1) + short(6) + bytes(4)),
        "in the next directory": tiff([(256, 3, 1, short(6))], next_offset=26, extra=struct.pack("<HHHI", 1, 274, 3, 1) + short(6) + bytes(4)),
        "twice": tiff([(274, 3, 1, short(6)), (274, 3, 1, short(8))]),
        "of no type and then of one": tiff([(274, 99, 1, short(6)), (274, 3, 1, short(8))]),
        "out of order": tiff([(305, 4, 1, b"\7\0\0\0"), (274, 3, 1, short(6)), (256, 4, 1, b"\7\0\0\0")]),
    }.items():
        yield f"eXIf {name}", png(exif(data) + itxt(XMP, xmp(b"3"))), png(itxt(XMP, xmp(b"3")))
    yield "byte 6", png(typed(1, 1, b"\6"))
    yield "text 6", png(typed(2, 2, b"6\0"))
    yield "long 6", png(typed(4, 1, struct.pack("<I", 6)))
    yield "rational 12/2", png(typed(5, 1, struct.pack("<II", 12, 2)))
    yield "rational 13/2", png(typed(5, 1, struct.pack("<II", 13, 2)))
    yield "rational 6/0", png(typed(5, 1, struct.pack("<II", 6, 0)))
    yield "signed byte 6", png(typed(6, 1, b"\6"))
    yield "signed short -6", png(typed(8, 1, struct.pack("<h", -6)))
    yield "signed rational -6/-1", png(typed(10, 1, struct.pack("<ii", -6, -1)))
    yield "float 6", png(typed(11, 1, struct.pack("<f", 6)))
    yield "float 6.5", png(typed(11, 1, struct.pack("<f", 6.5)))
    yield "double NaN", png(typed(12, 1, struct.pack("<d", float("nan"))))
    yield "directory 6", png(typed(13, 1, struct.pack("<I", 6)))
    yield "long8 6", png(typed(16, 1, struct.pack("<Q", 6)))
    yield "type 14", png(typed(14, 1, struct.pack("<I", 6)))
    yield "no short", png(typed(3, 0, short(6)))
    yield "shorts 6 and 8", png(typed(3, 2, struct.pack("<HH", 6, 8)))
    yield "shorts 8, 6 and 5", png(typed(3, 3, struct.pack("<HHH", 8, 6, 5)))
    # Broken and other XMP, and texts.
    yield "XMP in single quotes", png(itxt(XMP, b"<x tiff:Orientation='6'/>"))
    yield "XMP with spaces", png(itxt(XMP, b'<x tiff:Orientation = "6"/>'))
    yield "XMP of two digits", png(itxt(XMP, xmp(b"68")))
    yield "XMP with a space before its digit", png(itxt(XMP, xmp(b" 6", True)))
    yield "XMP at the second place", png(itxt(XMP, b'tiff:Orientation="x" tiff:Orientation="6"'))
    yield "XMP that is no UTF-8", png(itxt(XMP, b"\xff" + xmp(b"6")))
    yield "XMP of a language that is no UTF-8", png(itxt(XMP, xmp(b"6"), language=b"\xff"))
    yield "XMP 8, then one that is no UTF-8", png(itxt(XMP, xmp(b"8")) + itxt(XMP, b"\xff" + xmp(b"6")))
    yield "XMP that is no UTF-8, then an empty text", png(itxt(XMP, b"\xff" + xmp(b"6")) + text(XMP, b""))
    yield "XMP with all fields", png(itxt(XMP, xmp(b"6"), language=b"en", translated="für".encode()))
    yield "XMP packed by method 1", png(itxt(XMP, xmp(b"6"), 1, method=1))
    yield "XMP packed and cut off", png(itxt(XMP, b"", 1, packed=zlib.compress(xmp(b"6"))[:-6]))
    yield "XMP packed with a wrong sum", png(itxt(XMP, b"", 1, packed=zlib.compress(xmp(b"6"))[:-1] + b"\0"))
    yield "XMP packed, damaged", png(itxt(XMP, b"", 1, packed=b"damaged"))
    yield "XMP of another keyword", png(itxt(b"xml:com.adobe.xmp", xmp(b"6")))
    yield "profile packed by method 1", png(ztxt(EXIF, profile(six), method=1)), png()
    yield "profile packed and cut off", png(ztxt(EXIF, b"", zlib.compress(profile(six))[:-5]))
    yield "profile of 1 MiB", png(ztxt(EXIF, profile(six).ljust(1 << 20, b"\n")))
    yield "profile larger than 1 MiB", png(ztxt(EXIF, profile(six).ljust((1 << 20) + 1, b"\n"))), png()
    yield "keyword without a text", png(chunk(b"tEXt", EXIF))
    yield "iTXt without its fields", png(chunk(b"iTXt", XMP + b"\0\0\0abc"))
    # Checksums, and what comes where.
    yield "eXIf with a wrong sum", png(exif(six, 1)), png()
    yield "eXIf with a wrong sum, after the pixels", png(b"", exif(six, 1))
    yield "XMP with a wrong sum", png(itxt(XMP, xmp(b"6"), check=1)), png()
    yield "XMP with a wrong sum, after the pixels", png(b"", itxt(XMP, xmp(b"6"), check=1))
    yield "eXIf after the end", png() + exif(six)
    yield "eXIf without an end", png(b"", exif(six), end=b"")
    yield "eXIf after what is no chunk", png(b"", b"\0\0\0\1\xff\xff\xff\xffabcd1" + exif(six))
    yield "EXIF", png(chunk(b"EXIF", six))
    yield "animation with eXIf before its frames", animation(exif(six))
    yield "animation with eXIf between its frames", animation(between=exif(six))
    yield "animation with eXIf after its frames", animation(after=exif(six))
    yield "animation with a picture of its own and eXIf after its frame", animation(after=exif(six), default=True)


def orientations():
    upright = read(png())
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
    forms = {1: upright} | {value: upright.transpose(Image.Transpose(method)) for value, method in turns.items()}

    def orientation(file):
        seen = read(file)
        (found,) = [n for n, form in forms.items() if (form.size, form.tobytes()) == (seen.size, seen.tobytes())]
        return found

    pictures = []
    for name, file, *without in cases():
        entry = {"name": name, "png": base64.b64encode(file).decode()}
        try:
            entry["orientation"] = orientation(file)
        except Exception as error:
            entry["refused"] = f"{type(error).__name__}: {error}".split(" '/")[0]
            entry["orientation"] = orientation(without[0])
        pictures.append(entry)
    versions = f"Pillow {PIL.__version__}, diffusers {diffusers.__version__}"
    write("orientations.json", {"versions": versions, "pictures": pictures})


samples()
orientations()
