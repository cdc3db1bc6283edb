"""The 22 kinds that the model knows: groups of Tiny ImageNet's 200 classes, by their numbers."""

KINDS = {
    "dog": range(24, 30),
    "cat": range(30, 35),
    "bird": (11, 20, 21, 22),
    "monkey or ape": (54, 55, 56),
    "insect or spider": (*range(7, 11), *range(36, 46)),
    "reptile or amphibian": range(1, 6),
    "sea creature": (0, 6, 13, 14, 17, 18, 19, 23, 46, 196),
    "snail or slug": (15, 16),
    "large animal": (12, 35, *range(47, 54), 57, 58),
    "drink": (73, 135, 160, 172, 193),
    "dish": (*range(177, 183), 190, 191, 192),
    "fruit or vegetable": (*range(183, 190), 199),
    "clothing": (60, 62, 74, 77, 85, 90, 105, 112, 119, 120, 123, 134, 144, 149, 150, 156, 158, 169),
    "road vehicle": (70, 94, 107, 111, 114, 116, 121, 133, 145, 153, 164, 166),
    "train or boat": (81, 103, 108, 115),
    "building or monument": (66, 71, 91, 124, 162, 165, 173),
    "bridge or dam": (96, 154, 157, 170),
    "landscape": (194, 195, 197, 198),
    "room or furniture": (61, 64, 65, 69, 82, 89, 93, 97, 98, 113, 140, 142, 151),
    "sports gear": (68, 100, 138, 143, 146, 171),
    "machine or gadget": (86, 87, 92, 110, 117, 127, 128, 141, 147, 155),
}
REST = "household thing"


def kinds(class_count: int) -> tuple[list[str], list[int]]:
    """The names of the kinds, and the kind of each class."""
    names = [*KINDS, REST]
    of = [len(KINDS)] * class_count
    for number, members in enumerate(KINDS.values()):
        for member in members:
            assert of[member] == len(KINDS)
            of[member] = number
    return names, of
