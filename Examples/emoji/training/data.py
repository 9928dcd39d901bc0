"""Pictures and captions: emoji of the Noto font on plain backgrounds.

The pictures come from the colour bitmaps (136x128) of NotoColorEmoji.ttf, the
names from Unicode's emoji-test.txt, further words from Unicode's annotations,
the choice from subjects.txt.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
EMOJI_TEST = "/usr/share/unicode/emoji/emoji-test.txt"
ANNOTATIONS = "/usr/share/unicode/cldr/common/annotations/en.xml"
FOLDER = Path(__file__).resolve().parent.parent
SUBJECTS = FOLDER / "subjects.txt"
HELD_OUT = FOLDER / "held-out.txt"
UNSEEN = FOLDER / "unseen.txt"

SIZE = 64
STRIKE = 109  # the only size in pixels per em that the font's bitmaps have
VARIANTS = 3  # of each emoji, differing in size and place

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
    "angry",
    "broccoli",
    "cheese",
    "fire",
    "halloween",
    "ice cream",
    "planet earth",
    "poo",
}


@dataclass(frozen=True)
class Subject:
    """One emoji: its character, and its words in captions.

    The first of `names` is the short name; `keywords` mean it and no other.
    """

    character: str
    names: tuple
    keywords: tuple = ()

    @property
    def key(self):
        """The short name, which tells it from all others."""
        return self.names[0]


def entries(path):
    """The lines of a list, without comments and empty ones."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def emoji_names(path=EMOJI_TEST):
    """Map each one-character emoji's short name to that character; no flags."""
    found, group = {}, ""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("# group:"):
            group = line.split(":")[1].strip()
        if "; fully-qualified" not in line or group == "Flags":
            continue
        codes, comment = line.split(";")[0], line.split("#", 1)[1]
        points = [int(code, 16) for code in codes.split()]
        points = [point for point in points if point != 0xFE0F]
        if len(points) == 1:
            name = comment.split(None, 2)[2]
            found.setdefault(name.strip(), chr(points[0]))
    return found


def annotations(path=ANNOTATIONS):
    """Map each character to the words that Unicode lists for it."""
    words = {}
    for element in ElementTree.parse(path).iter("annotation"):
        if element.get("type") != "tts":
            words[element.get("cp")] = [w.strip() for w in element.text.split("|")]
    return words


def load_subjects(path=SUBJECTS, emoji_test=EMOJI_TEST, annotated=ANNOTATIONS):
    """Read subjects.txt, and find the keywords that mean one of them only."""
    characters = emoji_names(emoji_test)
    words = annotations(annotated)
    listed = []
    for line in entries(path):
        names = tuple(part.strip() for part in re.split("[=,]", line))
        listed.append((characters[names[0]], names))
    # Not even as a part of another one's name: "red", "face" and "medal" say too little.
    parts = Counter()
    for character, names in listed:
        all_words = " ".join([*names, *words.get(character, [])]).lower().split()
        parts.update(set(all_words))
    subjects = []
    for character, names in listed:
        keywords = tuple(
            word
            for word in words.get(character, [])
            if word.isascii()
            and word not in names
            and word not in BACKGROUNDS
            and all(parts[part] == 1 for part in word.lower().split())
        )
        subjects.append(Subject(character, names, keywords))
    return subjects


def other_subjects(subjects, path=UNSEEN, emoji_test=EMOJI_TEST):
    """All other emoji: those that teach the autoencoder too, and those of `path`.

    The latter no training shows; they test it.
    """
    known = {subject.key for subject in subjects}
    unseen = set(entries(path))
    others = [
        Subject(character, (name,))
        for name, character in emoji_names(emoji_test).items()
        if name not in known
    ]
    teaching = [subject for subject in others if subject.key not in unseen]
    return teaching, [subject for subject in others if subject.key in unseen]


def load_held_out(subjects, path=HELD_OUT):
    """The (subject's number, background's name) pairs no training sees."""
    numbers = {subject.key: i for i, subject in enumerate(subjects)}
    pairs = []
    for line in entries(path):
        key, background = (part.strip() for part in line.rsplit(",", 1))
        assert background in BACKGROUNDS, line
        pairs.append((numbers[key], background))
    return pairs


def allowed_pairs(subjects, path=HELD_OUT):
    """Which backgrounds training shows each subject on; (subjects, backgrounds)."""
    allowed = np.ones((len(subjects), len(BACKGROUNDS)), dtype=bool)
    for i, background in load_held_out(subjects, path):
        allowed[i, list(BACKGROUNDS).index(background)] = False
    return allowed


def with_article(name):
    """Put "a" or "an" before a name that can have it."""
    head = re.split(" of | with | in ", name)[0]
    plural = head.endswith("s") and not head.endswith(("ss", "us"))
    if plural or name in MASS_NOUNS:
        return name
    an = name[0].lower() in "aeiou" and not name.startswith(("uni", "one", "ufo"))
    return ("an " if an else "a ") + name


def name_of(subject, rng):
    """One of a subject's names, the first one most often, or of its keywords."""
    if subject.keywords and rng.random() < 0.1:
        return rng.choice(subject.keywords)
    return subject.names[0] if rng.random() < 0.6 else rng.choice(subject.names)


def caption(subject, background, rng):
    """Word one caption; some say nothing of the background, a few nothing else."""
    name = name_of(subject, rng)
    if rng.random() < 0.1:
        name += " emoji"
    thing = with_article(name) if rng.random() < 0.7 else name
    back = f"{with_article(background)} background"
    chance = rng.random()
    if chance < 0.25:
        return rng.choices([thing, f"a picture of {thing}"], [9, 1])[0]
    if chance < 0.3:
        return rng.choice([back, f"{background} background"])
    return rng.choices(
        [
            f"{thing} on {back}",
            f"{thing} with {back}",
            f"{thing}, {background} background",
            f"a picture of {thing} on {back}",
        ],
        [6, 1, 2, 1],
    )[0]


def render(character, font):
    """Draw one emoji from the font's bitmap, as a square RGBA picture."""
    canvas = Image.new("RGBA", (136, 136), (0, 0, 0, 0))
    left, top, right, bottom = font.getbbox(character)
    place = ((136 - left - right) // 2, (136 - top - bottom) // 2)
    ImageDraw.Draw(canvas).text(place, character, font=font, embedded_color=True)
    return canvas


def reduced(picture, side, dx=0, dy=0, size=SIZE):
    """Reduce to `side` pixels, premultiplied, and place on size x size (float 0..1).

    A triangle as wide as what becomes one pixel neither rings nor aliases.
    """
    pixels = np.asarray(picture, dtype=np.float32) / 255
    pixels = np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], 2)
    planes = [
        Image.fromarray(pixels[..., i]).resize((side, side), Image.BILINEAR)
        for i in range(4)
    ]
    small = np.stack([np.asarray(plane) for plane in planes], axis=2).clip(0, 1)
    result = np.zeros((size, size, 4), dtype=np.float32)
    y, x = (size - side) // 2 + dy, (size - side) // 2 + dx
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
