"""Writes the outlines of the font that labels are drawn in, and a picture to test the drawing against.

    python3 make_outlines.py /usr/share/fonts/truetype/dejavu/DejaVuSansCondensed.ttf

Writes ../../../Nodes/Drawing/GlyphOutlines.swift and label.png, which FreeType draws 32 times as large (where hinting is of
no account) and averages. Run with fontTools 4.68.0, Pillow 12.1 and DejaVu Sans Condensed 2.37.
"""

import pathlib
import sys
import textwrap

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

HERE = pathlib.Path(__file__).resolve().parent
CHARACTERS = [chr(c) for c in [*range(0x20, 0x7F), *range(0xA0, 0x100)]] + list("–—‘’“”…→∞≈")
LABEL, SIZE, SCALE = "Ag8@é% — _", 20, 32


def outline(pen):
    """SVG's relative path commands, quadratic curves alone."""
    parts, x, y, start = [], 0, 0, (0, 0)

    def go(point):
        nonlocal x, y
        step = (point[0] - x, point[1] - y)
        x, y = point
        return step

    for command, points in pen.value:
        if command == "moveTo":
            parts += ["m", *go(points[0])]
            start = points[0]
        elif command == "lineTo":
            parts += ["l", *go(points[0])]
        elif command == "qCurveTo":
            off = list(points[:-1])
            if points[-1] is None:
                raise ValueError("a contour without a point on it")
            for i, control in enumerate(off):
                last = i == len(off) - 1
                end = points[-1] if last else ((control[0] + off[i + 1][0]) // 2, (control[1] + off[i + 1][1]) // 2)
                before = (x, y)
                parts += ["q", control[0] - before[0], control[1] - before[1], *(end[0] - before[0], end[1] - before[1])]
                x, y = end
        elif command == "closePath":
            x, y = start
    return parts


def write_outlines(font, license):
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    lines = []
    for character in CHARACTERS:
        pen = DecomposingRecordingPen(glyphs)
        glyphs[names[ord(character)]].draw(pen)
        tokens = [f"u{ord(character):x}", glyphs[names[ord(character)]].width, *outline(pen)]
        lines += textwrap.wrap(" ".join(map(str, tokens)), 114)
    substitute = DecomposingRecordingPen(glyphs)
    glyphs[".notdef"].draw(substitute)
    tokens = ["ufffd", glyphs[".notdef"].width, *outline(substitute)]
    lines += textwrap.wrap(" ".join(map(str, tokens)), 114)
    head, hhea = font["head"], font["hhea"]
    text = textwrap.indent("\n".join(lines), "    ")
    comment = "\n".join(f"// {line}".rstrip() for line in license.splitlines())
    (HERE / "../../../Nodes/Drawing/GlyphOutlines.swift").write_text(
        f'''// Outlines of printable ASCII and Latin-1 from DejaVu Sans Condensed, made by Tests/Fixtures/font/make_outlines.py.
//
{comment}

/// The outlines of the font that labels are drawn in.
///
/// For each glyph: `u` and its code point in hexadecimal, its advance, then its contours as relative moves (m), lines (l)
/// and quadratic curves (q), y up from the baseline. U+FFFD stands for every character that is not here.
enum GlyphOutlines {{
  static let unitsPerEm = {head.unitsPerEm}
  static let ascent = {hhea.ascent}
  static let descent = {-hhea.descent}
  static let text = """
{text}
    """
}}
''')


def write_label(font, path):
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    large = ImageFont.truetype(path, SIZE * SCALE, layout_engine=ImageFont.Layout.BASIC)
    scale = SIZE / font["head"].unitsPerEm
    advances = [glyphs[names[ord(c)]].width * scale for c in LABEL]
    baseline, width, height = SIZE, int(sum(advances)) + 2, SIZE + SIZE // 2
    picture = Image.new("L", (width * SCALE, height * SCALE), 0)
    draw, x = ImageDraw.Draw(picture), 0.0
    for character, advance in zip(LABEL, advances):
        draw.text((round(x * SCALE), baseline * SCALE), character, fill=255, font=large, anchor="ls")
        x += advance
    picture.reduce(SCALE).save(HERE / "label.png")


def main():
    path = sys.argv[1]
    font = TTFont(path)
    write_outlines(font, (HERE / "LICENSE-DejaVu.txt").read_text())
    write_label(font, path)


if __name__ == "__main__":
    main()
