"""The tokenizers of CLIP, SigLIP and Gemma, and what Python makes of ten thousand texts (texts.py) with them.

    fixtures/tokenizers/clip-merges.txt.br  CLIP's own merges, as open_clip_torch ships them (MIT, (c) 2021 OpenAI)
    fixtures/tokenizers/siglip.json.br      a SentencePiece Unigram as SigLIP's tokenizer.json is, trained on such texts
    fixtures/tokenizers/gemma.json.br       a BPE with bytes as fallback as SigLIP 2's is, likewise
    fixtures/tokenizers/answers.bin         the lowest byte of the CRC-32 of every text's ids, one tokenizer after
                                            another: transformers' CLIP, open_clip's, SigLIP, Gemma

Besides the packages of requirements.txt this needs brotli, protobuf and sentencepiece. With `--texts FILE` it writes the texts
and their ids as JSON instead, which scripts/compare-tokenizers.mjs compares one by one.
"""

import argparse
import base64
import gzip
import io
import json
import zlib
from pathlib import Path

import brotli
import numpy as np
import sentencepiece
import transformers
from open_clip.tokenizer import SimpleTokenizer, default_bpe
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from texts import TABLE, texts

COUNT = 10_000
FOLDER = Path(__file__).resolve().parent / "fixtures" / "tokenizers"
# Other texts than those that are compared.
CORPUS = texts(4_000, COUNT) + TABLE["words"] * 20
PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""


def clip_merges() -> list[str]:
    lines = gzip.open(default_bpe()).read().decode("utf-8").split("\n")
    return lines[1 : 49152 - 256 - 2 + 1]


def clip() -> Tokenizer:
    """transformers' CLIP, whose vocabulary is open_clip's but for the names of the two special tokens."""
    vocab = SimpleTokenizer().encoder
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    merges = [tuple(line.split()) for line in clip_merges()]
    return transformers.CLIPTokenizer(vocab={names.get(k, k): v for k, v in vocab.items()}, merges=merges).backend_tokenizer


def siglip() -> Tokenizer:
    """SentencePiece's Unigram after big_vision's `canonicalize`: its pieces, scores and table of characters."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text.lower() for text in CORPUS), model_writer=model, vocab_size=3_000, character_coverage=0.98,
        model_type="unigram", pad_id=-1, bos_id=-1, eos_id=1, unk_id=2, control_symbols=["<pad>"], minloglevel=2,
        normalization_rule_name="nmt_nfkc",
    )  # fmt: skip
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=proto.trainer_spec.unk_id))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Lowercase(),
        normalizers.Replace(Regex(PUNCTUATION), ""),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
        normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
        normalizers.Replace(Regex(" {2,}"), "▁"),
    ])  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    end = tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", end)])
    return special(tokenizer, ["</s>", "<unk>", "<pad>"])


def gemma() -> Tokenizer:
    """BPE of words that begin with ▁, bytes for what is missing, and runs of spaces and line breaks as tokens."""
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    learner = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    learner.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    learner.pre_tokenizer = pre_tokenizers.Split(Regex(r"▁*[^▁\p{N}]+|▁|\p{N}"), behavior="isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=4_000, special_tokens=specials, limit_alphabet=1_500, show_progress=False
    )
    learner.train_from_iterator(CORPUS, trainer)
    learned = json.loads(learner.to_str())["model"]
    runs = ["▁" * length for length in range(2, 17)] + ["\n" * length for length in range(1, 6)]
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = specials + byte_tokens + runs + [token for token in learned["vocab"] if token not in specials]
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    assert len(vocab) < 65_536
    doubled = [("▁", "▁" * length) for length in range(1, 16)] + [("\n", "\n" * length) for length in range(1, 5)]
    model = models.BPE(
        vocab, doubled + [tuple(pair) for pair in learned["merges"]], unk_token="<unk>", fuse_unk=True, byte_fallback=True
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", behavior="merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    return special(tokenizer, specials)


def special(tokenizer: Tokenizer, names: list[str]) -> Tokenizer:
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in names])
    return tokenizer


def write_compressed(name: str, text: str) -> None:
    (FOLDER / f"{name}.br").write_bytes(brotli.compress(text.encode(), quality=11, lgwin=24))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help="compare these: where the texts and their ids go, as JSON")
    parser.add_argument("--first", type=int, default=0, help="number of the first text")
    arguments = parser.parse_args()
    if arguments.texts:
        compare(arguments.texts, arguments.first)
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_compressed("clip-merges.txt", "\n".join(clip_merges()))
    tokenizers = {"siglip": siglip(), "gemma": gemma()}
    for name, tokenizer in tokenizers.items():
        write_compressed(f"{name}.json", tokenizer.to_str())
    crcs = [zlib.crc32(np.array(ids, "<u4").tobytes()) & 0xFF for row in answers(texts(COUNT)).values() for ids in row]
    (FOLDER / "answers.bin").write_bytes(np.array(crcs, "u1").tobytes())


def answers(lines: list[str]) -> dict[str, list[list[int]]]:
    """The ids of every text, of tokenizers as the fixtures have them."""
    saved = {name: Tokenizer.from_str(brotli.decompress((FOLDER / f"{name}.json.br").read_bytes()).decode()) for name in ("siglip", "gemma")}
    simple = SimpleTokenizer()
    own = [[simple.sot_token_id, *simple.encode(text), simple.eot_token_id] for text in lines]
    encode = lambda tokenizer: [row.ids for row in tokenizer.encode_batch(lines)]
    return {"clip": encode(clip()), "open_clip": own} | {name: encode(tokenizer) for name, tokenizer in saved.items()}


def compare(file: Path, first: int) -> None:
    lines = texts(COUNT, first)
    file.write_text(json.dumps({"texts": lines, "ids": answers(lines)}))


if __name__ == "__main__":
    main()
