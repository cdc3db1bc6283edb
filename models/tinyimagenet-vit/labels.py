"""What the classes are called: the first of WordNet's words, or a plainer one where that is rare or ambiguous."""

PLAINER = {
    "tabby": "tabby cat", "lesser panda": "red panda", "hog": "pig", "jinrikisha": "rickshaw", "pay-phone": "pay phone",
    "reel": "fishing reel", "brass": "memorial plaque", "teddy": "teddy bear", "potpie": "pot pie", "alp": "mountain",
    "monarch": "monarch butterfly", "Arabian camel": "camel", "thatch": "thatched roof", "organ": "pipe organ",
    "crane": "construction crane", "mantis": "praying mantis", "beacon": "lighthouse", "gasmask": "gas mask",
    "pop bottle": "soda bottle", "bannister": "banister", "walking stick": "stick insect", "projectile": "missile",
    "beach wagon": "station wagon", "confectionery": "candy shop", "bighorn": "bighorn sheep", "plate": "plate of food",
    "standard poodle": "poodle", "chest": "wooden chest",
}


def label(words: str) -> str:
    first = words.split(", ")[0]
    return PLAINER.get(first, first)
