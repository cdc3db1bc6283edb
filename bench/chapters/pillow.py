"""Milliseconds that Pillow takes to squash an RGB image: `python pillow.py WIDTH HEIGHT EDGE`."""

import json
import os
import sys
import time

from PIL import Image

width, height, edge = map(int, sys.argv[1:])
image = Image.frombytes("RGB", (width, height), os.urandom(3 * width * height))
times = []
for _ in range(6):
    begin = time.perf_counter()
    image.resize((edge, edge), Image.Resampling.BICUBIC)
    times.append(1000 * (time.perf_counter() - begin))
print(json.dumps(times))
