#!/usr/bin/env python3
"""Reads pictures of charts as a stranger would, with an XML parser, and checks what they promise.

For every picture: well-formed, title and description present and referred to, no gradients, shadows, patterns, images or scripts,
everything inside of the viewBox, no text over another. Where marks carry numbers (data-value) the lie factor is computed anew
from their lengths, and bars are measured with the ticks of their axis. Violins have one area, dots of swarms do not touch. For the gallery the numbers are compared with the
data of the examples, panels with each other, and a picture that was made to lie must be found out.

Usage: plot_integrity.py FOLDER_OF_THE_GALLERY
       plot_integrity.py --pictures FILE.svg...
       plot_integrity.py --pages FILE.html...
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "style", "g", "line", "polyline", "polygon", "path", "rect", "circle", "text"}
VISIBLE = 2  # differences below this many units nobody sees; the rounding of coordinates would be all that is measured


class Fault(Exception):
    pass


def demand(condition, message):
    if not condition:
        raise Fault(message)


def name_of(element):
    return element.tag.removeprefix(SVG)


def placed(element, shift=(0.0, 0.0)):
    """(element, shift) of everything drawn, with the translations of the groups around it."""
    for child in element:
        inner = shift
        if name_of(child) == "g" and child.get("transform"):
            x, y = re.fullmatch(r"translate\((\S+) (\S+)\)", child.get("transform")).groups()
            inner = (shift[0] + float(x), shift[1] + float(y))
        yield child, inner
        if name_of(child) != "text":
            yield from placed(child, inner)


def number(element, attribute):
    return float(element.get(attribute))


def points_of(element):
    """Every point of a mark, before its group's translation."""
    kind = name_of(element)
    if kind == "line":
        return [(number(element, "x1"), number(element, "y1")), (number(element, "x2"), number(element, "y2"))]
    if kind == "rect":
        x, y = number(element, "x"), number(element, "y")
        return [(x, y), (x + number(element, "width"), y + number(element, "height"))]
    if kind == "circle":
        return [(number(element, "cx"), number(element, "cy"))]
    if kind in ("polyline", "polygon"):
        return [tuple(map(float, pair.split(","))) for pair in element.get("points").split()]
    if kind == "path":
        return [tuple(map(float, pair)) for pair in re.findall(r"[ML](\S+?) (-?[\d.]+)", element.get("d"))]
    return []


def text_box(element, shift):
    """A cautious guess: the middle 80 % of the width that Arial's digits would have."""
    text = element.text or ""
    width = sum(0.28 if c in " .,iljtf'|()" else 0.55 for c in text) * 15
    x, y = number(element, "x") + shift[0], number(element, "y") + shift[1]
    left = {"middle": x - width / 2, "end": x - width}.get(element.get("text-anchor"), x)
    return (left + width * 0.1, y - 9, left + width * 0.9, y - 1, text)


def check_structure(root):
    demand(root.tag == SVG + "svg" and root.get("role") == "img", "the root is no <svg role=img>")
    ids = {element.get("id"): element for element in root.iter() if element.get("id")}
    for reference in root.get("aria-labelledby").split():
        demand(reference in ids and (ids[reference].text or "").strip(), f"aria-labelledby names {reference}, which says nothing")
    for element in root.iter():
        demand(name_of(element) in ALLOWED, f"<{name_of(element)}> is no mark of a chart")
        for attribute in element.attrib:
            demand(not attribute.startswith("on") and "href" not in attribute, f"attribute {attribute}")
    style = "".join(element.text for element in root.iter(SVG + "style"))
    for word in ("gradient", "filter", "shadow", "url(", "@import"):
        demand(word not in style, f"the style sheet has {word}")


def check_places(root):
    left, top, width, height = map(float, root.get("viewBox").split())
    boxes = []
    for element, shift in placed(root):
        for x, y in points_of(element):
            x, y = x + shift[0], y + shift[1]
            demand(left <= x <= left + width and top <= y <= top + height, f"a {name_of(element)} at ({x}, {y})")
        if name_of(element) == "text":
            box = text_box(element, shift)
            demand(box[0] >= left - 1 and box[2] <= left + width + 1, f"the text '{box[4]}' leaves the picture")
            for other in boxes:
                apart = box[0] >= other[2] or other[0] >= box[2] or box[1] >= other[3] or other[1] >= box[3]
                demand(apart, f"the text '{box[4]}' lies over '{other[4]}'")
            boxes.append(box)


def lengths_of(root):
    """[(value, length)] of all marks with numbers: bars by the side that differs from the bars beside it, paths by thickness."""
    marks = [element for element in root.iter() if element.get("data-value") is not None]
    lines = [mark for mark in marks if name_of(mark) == "line"]
    if lines:
        return [(number(mark, "data-value"), number(mark, "stroke-width")) for mark in lines]
    bins = [mark for mark in marks if "bin" in mark.get("class").split()]
    if bins:
        mean = sum(number(mark, "width") for mark in bins) / len(bins)
        return [(number(mark, "data-value"), number(mark, "width") * number(mark, "height") / mean) for mark in bins]
    lying = len({mark.get("height") for mark in marks}) < len({mark.get("width") for mark in marks})
    return [(number(mark, "data-value"), number(mark, "width" if lying else "height")) for mark in marks]


def lie_factors(lengths):
    """Tufte's size of effect in the graphic by size of effect in the data, of every pair that differs visibly."""
    lengths = [(value, length if value >= 0 else -length) for value, length in lengths]
    factors = []
    for i, first in enumerate(lengths):
        for second in lengths[i + 1:]:
            big, small = (first, second) if abs(first[1]) >= VISIBLE else (second, first)
            if abs(big[1]) < VISIBLE or abs(big[1] - small[1]) < VISIBLE:
                continue
            data = abs(small[0] - big[0]) / abs(big[0]) if big[0] else float("inf")
            drawn = abs(small[1] - big[1]) / abs(big[1])
            factors.append(drawn / data if data else float("inf"))
    return factors or [1.0]


def check_lengths(root):
    lengths = lengths_of(root)
    for factor in lie_factors(lengths):
        demand(0.95 <= factor <= 1.05, f"lie factor {factor:.3g}")
    return lengths


def vertical_scale(root):
    """Units of the picture per unit of data, read from the tick labels beside the vertical axis."""
    ticks = []
    for element, _ in placed(root):
        if name_of(element) == "text" and element.get("text-anchor") == "end" and element.get("class") == "quiet":
            text = element.text.replace("−", "-").replace(",", "")
            if re.fullmatch(r"-?\d+(\.\d+)?", text):
                ticks.append((float(text), number(element, "y")))
    demand(len(ticks) >= 2, "there are fewer than two ticks")
    ticks.sort()
    return (ticks[0][1] - ticks[-1][1]) / (ticks[-1][0] - ticks[0][0])


def violin_areas(root):
    """Of every violin, by the shoelace formula."""
    areas = []
    for element in root.iter(SVG + "polygon"):
        if "violin" in element.get("class").split():
            points = points_of(element)
            areas.append(abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1]))) / 2)
    return areas


def check_groups(root):
    """The violins of a picture have one area; no dot of a swarm covers another."""
    areas = violin_areas(root)
    for area in areas:
        demand(0.95 <= area / areas[0] <= 1.05, f"a violin has {area / areas[0]:.3g} times the area of the first")
    dots = [(number(dot, "cx"), number(dot, "cy"), number(dot, "r")) for dot in root.iter(SVG + "circle") if "swarm" in dot.get("class").split()]
    dots.sort(key=lambda dot: dot[1])
    for i, (x, y, radius) in enumerate(dots):
        for other in dots[i + 1:]:
            if other[1] - y > 2 * radius:
                break
            demand((x - other[0]) ** 2 + (y - other[1]) ** 2 >= 4 * radius**2, f"the dot at ({x}, {y}) covers the one at ({other[0]}, {other[1]})")
    return len(areas), len(dots)


def finds(root, what):
    """Is a fault found that was planted in the picture?"""
    try:
        check_groups(root)
    except Fault as fault:
        return what in str(fault)
    return False


def check_root(root):
    check_structure(root)
    check_places(root)
    check_groups(root)
    return root, check_lengths(root)


def check_picture(path):
    return check_root(ElementTree.fromstring(path.read_bytes()))


def check_page(path):
    """Every picture of an HTML page; returns [(root, lengths)]. A page's pictures are well-formed XML, too."""
    pictures = re.findall(r"<svg .*?</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
    demand(pictures, f"{path}: there is no picture in it")
    checked = []
    for number_of_picture, picture in enumerate(pictures, 1):
        try:
            checked.append(check_root(ElementTree.fromstring(picture)))
        except (Fault, ElementTree.ParseError) as fault:
            raise Fault(f"{path}, picture {number_of_picture}: {fault}") from fault
    return checked


# ---- The gallery ----


def check_gallery(folder):
    pictures = {path.stem: path for path in sorted(folder.glob("*.svg"))}
    demand(len(pictures) >= 8, f"{len(pictures)} pictures in {folder}")
    roots, lengths = {}, {}
    for name, path in pictures.items():
        try:
            roots[name], lengths[name] = check_picture(path)
        except (Fault, ElementTree.ParseError) as fault:
            raise Fault(f"{path}: {fault}") from fault

    # The bars are as long as the ticks of their axis say, and stand for the numbers of the example.
    demand([value for value, _ in lengths["lie_factor"]] == [91.2, 94.5, 98.6], "lie_factor: other numbers than its source")
    for name in ("lie_factor", "histogram"):
        scale = vertical_scale(roots[name])
        for value, length in lengths[name]:
            demand(abs(length - value * scale) < 0.2, f"{name}: {value} is drawn {length} long, expected {value * scale:.2f}")
    demand(sum(value for value, _ in lengths["histogram"]) == 5000, "histogram: not every draw is in a bin")

    # Minard's numbers, as his map has them.
    men = [value for value, _ in lengths["minard"]]
    demand(max(men) == 340000 and men.count(340000) == 3 and min(men) == 4000, "minard: other numbers than Minard's")

    # Every panel has the same axes: the same tick labels at the same places.
    panels = [group for group in roots["small_multiples"] if group.get("transform")]
    demand(len(panels) == 4, f"{len(panels)} panels")
    ticks = [[(text.text, text.get("x"), text.get("y")) for text in panel.iter(SVG + "text")
              if re.fullmatch(r"[0-9,.−⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", text.text)] for panel in panels]
    demand(all(panel == ticks[0] for panel in ticks) and len(ticks[0]) >= 6, "the panels have different ticks")

    # Three violins, all values of the swarm; a violin that is made wider and a dot that is moved are found out.
    demand(check_groups(roots["violin"])[0] == 3 and check_groups(roots["swarm"])[1] == 240, "violins or dots are missing")
    shape = next(element for element in roots["violin"].iter(SVG + "polygon"))
    shape.set("points", " ".join(f"{x * 1.2},{y}" for x, y in points_of(shape)))
    dots = [dot for dot in roots["swarm"].iter(SVG + "circle")]
    dots[0].set("cx", dots[1].get("cx")), dots[0].set("cy", dots[1].get("cy"))
    demand(finds(roots["violin"], "times the area of the first") and finds(roots["swarm"], "covers the one"), "a planted fault was not found")

    # A picture that was made to lie is found out: the bars cut as if they began at 90.
    scale = vertical_scale(roots["lie_factor"])
    for bar in roots["lie_factor"].iter(SVG + "rect"):
        if bar.get("data-value"):
            bar.set("height", str(number(bar, "height") - 90 * scale))
    worst = max(lie_factors(lengths_of(roots["lie_factor"])))
    demand(worst > 10, f"the planted lie was not found: {worst}")
    text = (folder / "lie_factor.txt").read_text()
    demand("refused" in text and "lie factor 76" in text, "lie_factor.txt does not show the refusal")
    print(f"{len(pictures)} pictures, {sum(map(len, lengths.values()))} lengths, a planted lie of factor {worst:.1f} found")


def main(arguments):
    try:
        if len(arguments) == 1 and not arguments[0].startswith("-"):
            check_gallery(Path(arguments[0]))
        elif len(arguments) > 1 and arguments[0] == "--pictures":
            for path in arguments[1:]:
                check_picture(Path(path))
                print(f"{path}: honest")
        elif len(arguments) > 1 and arguments[0] == "--pages":
            for path in arguments[1:]:
                print(f"{path}: {len(check_page(Path(path)))} pictures, honest")
        else:
            print(__doc__.split("\n\n")[-1], file=sys.stderr)
            return 2
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
