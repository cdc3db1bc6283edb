"""Screenshots as one GIF, or one as a PNG of few colors: `python3 clip.py OUT FRAME:MILLISECONDS …`."""

import sys

from PIL import Image

WIDTH, COLORS = 720, 224


def read(argument: str) -> tuple[Image.Image, int]:
    path, milliseconds = argument.rsplit(":", 1)
    return Image.open(path).convert("RGB"), int(milliseconds)


def save_gif(frames: list[tuple[Image.Image, int]], out: str):
    images = [image.resize((WIDTH, image.height * WIDTH // image.width), Image.LANCZOS) for image, _ in frames]
    # One palette for all frames: with one each, what does not move would flicker.
    sheet = Image.new("RGB", (WIDTH, sum(image.height for image in images)))
    top = 0
    for image in images:
        sheet.paste(image, (0, top))
        top += image.height
    palette = sheet.quantize(COLORS, method=Image.MEDIANCUT)
    first, *others = [image.quantize(palette=palette, dither=Image.NONE) for image in images]
    durations = [milliseconds for _, milliseconds in frames]
    first.save(out, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)


def main():
    out, *arguments = sys.argv[1:]
    frames = [read(argument) for argument in arguments]
    if out.endswith(".png"):
        frames[0][0].quantize(256).save(out, optimize=True)
    else:
        save_gif(frames, out)


if __name__ == "__main__":
    main()
