"""Pictures and captions: emoji of the Noto font on plain backgrounds.

The pictures come from the colour bitmaps (136x128) of NotoColorEmoji.ttf, the
names from Unicode's emoji-test.txt, the choice from subjects.txt.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
EMOJI_TEST = "/usr/share/unicode/emoji/emoji-test.txt"
SUBJECTS = Path(__file__).resolve().parent.parent / "subjects.txt"

SIZE = 64
STRIKE = 109  # the only size in pixels per em that the font's bitmaps have
VARIANTS = 2  # of each emoji, differing in size and place

BACKGROUNDS = {
    "white": (255, 255, 255),
    "yellow": (252, 222, 96),
    "blue": (112, 176, 244),
    "green": (132, 204, 128),
    "pink": (248, 172, 200),
    "purple": (172, 140, 220),
    "orange": (248, 172, 88),
    "gray": (150, 150, 150),
}

MASS_NOUNS = {
    "bacon",
    "bread",
    "broccoli",
    "cheese",
    "corn",
    "fire",
    "garlic",
    "halloween",
    "hot coffee",
    "ice cream",
    "lightning",
    "meat",
    "meat on a bone",
    "money",
    "one hundred",
    "planet earth",
    "poo",
    "popcorn",
    "red lips",
    "saturn",
    "soap",
    "sushi",
}


@dataclass(frozen=True)
class Subject:
    """One emoji: its short name, its character, and its names in captions."""

    key: str
    character: str
    names: tuple


def emoji_names(path=EMOJI_TEST):
    """Map each one-character emoji's short name to that character."""
    found = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if "; fully-qualified" not in line:
            continue
        codes, comment = line.split(";")[0], line.split("#", 1)[1]
        points = [int(code, 16) for code in codes.split()]
        points = [point for point in points if point != 0xFE0F]
        if len(points) == 1:
            name = comment.split(None, 2)[2]
            found.setdefault(name.strip(), chr(points[0]))
    return found


def load_subjects(path=SUBJECTS, emoji_test=EMOJI_TEST):
    """Read subjects.txt."""
    characters = emoji_names(emoji_test)
    subjects = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, _, names = (part.strip() for part in line.partition("="))
        names = tuple(name.strip() for name in (names or key).split(","))
        subjects.append(Subject(key, characters[key], names))
    return subjects


def with_article(name):
    """Put "a" or "an" before a name that can have it."""
    head = name.split(" of ")[0].split(" with ")[0].split(" in ")[0]
    plural = head.endswith("s") and not head.endswith(("ss", "us"))
    if plural or name in MASS_NOUNS or head in {"thumbs up", "thumbs down"}:
        return name
    an = name[0] in "aeiou" and not name.startswith(("uni", "one", "ufo"))
    return ("an " if an else "a ") + name


def caption(subject, background, rng):
    """Word one caption; most of those on white do not say so."""
    # The first name is the usual one.
    names = subject.names
    name = names[0] if rng.random() < 0.5 else rng.choice(names)
    thing = with_article(name) if rng.random() < 0.75 else name
    silent = 0.8 if background == "white" else 0.05
    if rng.random() < silent:
        return rng.choices(
            [thing, f"a picture of {thing}", f"an emoji of {thing}"], [8, 1, 1]
        )[0]
    back = f"a {background} background"
    if background == "orange":
        back = "an orange background"
    return rng.choices(
        [
            f"{thing} on {back}",
            f"{thing} with {back}",
            f"{thing}, {background} background",
            f"a picture of {thing} on {back}",
        ],
        [7, 1, 1, 1],
    )[0]


def render(character, font):
    """Draw one emoji from the font's bitmap, as a square RGBA picture."""
    canvas = Image.new("RGBA", (136, 136), (0, 0, 0, 0))
    left, top, right, bottom = font.getbbox(character)
    place = ((136 - left - right) // 2, (136 - top - bottom) // 2)
    ImageDraw.Draw(canvas).text(place, character, font=font, embedded_color=True)
    return canvas


def reduced(picture, side, dx=0, dy=0):
    """Reduce to `side` pixels, premultiplied, and place on 64x64 (float 0..1)."""
    pixels = np.asarray(picture, dtype=np.float32) / 255
    pixels = np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], 2)
    planes = [
        Image.fromarray(pixels[..., i]).resize((side, side), Image.LANCZOS)
        for i in range(4)
    ]
    small = np.stack([np.asarray(plane) for plane in planes], axis=2).clip(0, 1)
    small = np.minimum(small, small[..., 3:])
    result = np.zeros((SIZE, SIZE, 4), dtype=np.float32)
    y, x = (SIZE - side) // 2 + dy, (SIZE - side) // 2 + dx
    result[y : y + side, x : x + side] = small
    return result


def composite(pictures, colour):
    """Lay premultiplied pictures (..., 4) over one colour; returns (..., 3)."""
    colour = np.asarray(colour, dtype=np.float32) / 255
    return pictures[..., :3] + (1 - pictures[..., 3:]) * colour


def render_all(subjects, seed, variants=VARIANTS, font_path=FONT):
    """Render (subjects, variants, 64, 64, 4), premultiplied, as uint8.

    The first variant is centred; the others are shifted and scaled a little.
    """
    rng = random.Random(seed)
    font = ImageFont.truetype(font_path, STRIKE)
    result = np.zeros((len(subjects), variants, SIZE, SIZE, 4), dtype=np.uint8)
    for i, subject in enumerate(subjects):
        picture = render(subject.character, font)
        for j in range(variants):
            if j == 0:
                small = reduced(picture, 58)
            else:
                side = rng.choice([56, 58, 60])
                shift = rng.randint(-1, 1), rng.randint(-1, 1)
                small = reduced(picture, side, *shift)
            result[i, j] = (small * 255).round().astype(np.uint8)
    return result
