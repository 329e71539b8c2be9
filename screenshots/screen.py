#!/usr/bin/env python3
"""One picture of a terminal program: runs it in tmux, presses keys, draws the screen as a PNG.

usage: screen.py OUT.png COLUMNSxROWS STEP… -- COMMAND…

A step is a key by its tmux name, until:TEXT (wait for a text on the screen) or sleep:SECONDS.
Needs tmux, Pillow and the font DejaVu Sans Mono.
"""
import os
import re
import shlex
import subprocess
import sys
import time

from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono"
CELL = (9, 18)
PATIENCE = 120
FOREGROUND, BACKGROUND = (204, 204, 204), (18, 18, 18)
BASIC = ["000000", "cd3131", "0dbc79", "e5e510", "2472c8", "bc3fbc", "11a8cd", "cccccc",
         "666666", "f14c4c", "23d18b", "f5f543", "3b8eea", "d670d6", "29b8db", "ffffff"]
QUADRANTS = {"▘": 1, "▝": 2, "▀": 3, "▖": 4, "▌": 5, "▞": 6, "▛": 7, "▗": 8, "▚": 9, "▐": 10, "▜": 11, "▄": 12, "▙": 13,
             "▟": 14, "█": 15}


def indexed(number):
    if number < 16:
        return tuple(bytes.fromhex(BASIC[number]))
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    steps = (0, 95, 135, 175, 215, 255)
    number -= 16
    return steps[number // 36], steps[number // 6 % 6], steps[number % 6]


def apply(style, parameters):
    codes = [int(code or 0) for code in re.split("[;:]", parameters)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style.clear()
        elif code in (1, 2, 4, 7):
            style[code] = True
        elif code in (22, 24, 27):
            for off in {22: (1, 2), 24: (4,), 27: (7,)}[code]:
                style.pop(off, None)
        elif code in (39, 49):
            style.pop("fg" if code == 39 else "bg", None)
        elif code in (38, 48):
            kind = codes.pop(0)
            colour = indexed(codes.pop(0)) if kind == 5 else tuple(codes.pop(0) for _ in range(3))
            style["fg" if code == 38 else "bg"] = colour
        else:
            for base, key in ((30, "fg"), (40, "bg"), (82, "fg"), (92, "bg")):
                if base + (8 if base > 80 else 0) <= code < base + (16 if base > 80 else 8):
                    style[key] = indexed(code - base)


def draw(text, columns, rows, path):
    width, height = CELL
    image = Image.new("RGB", (columns * width, rows * height), BACKGROUND)
    pen = ImageDraw.Draw(image)
    inks = {(FOREGROUND, BACKGROUND)}
    fonts = [ImageFont.truetype(FONTS + kind + ".ttf", 15) for kind in ("", "-Bold")]
    for y, line in enumerate(text.split("\n")[:rows]):
        style, x = {}, 0
        for part in re.split("(\x1b\\[[0-9;:]*m)", line):
            if part.startswith("\x1b["):
                apply(style, part[2:-1])
                continue
            for character in re.sub("\x1b[()].|[\x0e\x0f]", "", part):
                cell(pen, fonts, inks, style, character, x * width, y * height)
                x += 1
    reduced(image, inks).save(path, optimize=True)


def reduced(image, inks):
    """At most 256 colours, every ink and background among them exactly: colour tells A from B."""
    steps = max(2, min(16, 256 // len(inks)))
    blends = [tuple(round(b + (f - b) * step / (steps - 1)) for f, b in zip(*ink)) for ink in sorted(inks) for step in range(steps)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in blends[:256] for value in colour])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def cell(pen, fonts, inks, style, character, left, top):
    width, height = CELL
    foreground, background = style.get("fg", FOREGROUND), style.get("bg", BACKGROUND)
    if style.get(7):
        foreground, background = background, foreground
    if style.get(2):
        foreground = tuple((a + b) // 2 for a, b in zip(foreground, background))
    inks.add((foreground, background))
    box = (left, top, left + width - 1, top + height - 1)
    if background != BACKGROUND:
        pen.rectangle(box, fill=background)
    if character in QUADRANTS:
        for bit in range(4):
            if QUADRANTS[character] >> bit & 1:
                x, y = left + (bit % 2) * 5, top + (bit // 2) * 9
                pen.rectangle((x, y, x + 4 - bit % 2, y + 8), fill=foreground)
    elif 0x2800 <= ord(character) <= 0x28FF:
        dots = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
        for bit, (column, row) in enumerate(dots):
            if (ord(character) - 0x2800) >> bit & 1:
                x, y = left + 1 + 4 * column, top + 2 + 4 * row
                pen.rectangle((x, y, x + 2, y + 2), fill=foreground)
    elif character != " ":
        pen.text((left, top), character, font=fonts[bool(style.get(1))], fill=foreground)
    if style.get(4):
        pen.line((left, box[3] - 1, box[2], box[3] - 1), fill=foreground)


def main():
    arguments = sys.argv[1:]
    if "--" not in arguments or arguments.index("--") < 2:
        sys.exit(__doc__)
    split = arguments.index("--")
    (path, size, *steps), command = arguments[:split], arguments[split + 1:]
    columns, rows = map(int, size.split("x"))
    # A server of its own: nobody else's tmux is touched, and two pictures can be taken at once.
    server = f"screenshot-{os.getpid()}"

    def tmux(*words):
        return subprocess.run(["tmux", "-L", server, *words], check=True, capture_output=True, text=True).stdout

    def until(text):
        end = time.monotonic() + PATIENCE
        while text not in (screen := tmux("capture-pane", "-p")):
            if time.monotonic() > end:
                sys.exit(f"{path}: no `{text}` within {PATIENCE} s on\n{screen}")
            time.sleep(0.1)

    terminal = ["env", "-u", "NO_COLOR", "TERM=xterm-256color", "COLORTERM=truecolor"]
    tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), shlex.join(terminal + command))
    try:
        tmux("set-option", "-g", "status", "off")
        tmux("resize-window", "-x", str(columns), "-y", str(rows))
        for step in steps:
            kind, _, value = step.partition(":")
            if kind == "until":
                until(value)
            elif kind == "sleep":
                time.sleep(float(value))
            else:
                tmux("send-keys", step)
                time.sleep(0.3)
        draw(tmux("capture-pane", "-p", "-e"), columns, rows, path)
    finally:
        tmux("kill-server")


main()
