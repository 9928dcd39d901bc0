"""Writes what transformers and diffusers compute of text with tiny T5 and Qwen3 encoders.

usage: python make_text_encoders.py CLIP_TOKENIZER T5_TOKENIZER_JSON QWEN_MERGES QWEN_ADDED_TOKENS

`t5-tiny` and `qwen3-tiny` are encoders as transformers saves them, with states of transformers' classes beside them, and
the same as GGUF files.
FAMILY.json is a whole set of text encoders of a family with the real vocabularies, whose weights are not stored: a tensor's
numbers follow from its name (`numbers` of `../families/make_families.py`); FAMILY.safetensors holds what `encode_prompt` of
diffusers' pipeline gives. `t5-cases.json` and `qwen-cases.json` are texts with the ids of transformers' tokenizers. All in
float32. VERSIONS records what wrote the files.
"""

import json
import platform
import random
import shutil
import sys
import tempfile
from pathlib import Path

import diffusers
import gguf
import numpy
import tokenizers
import torch
import transformers
from diffusers import Flux2KleinPipeline, FluxPipeline, ZImagePipeline
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPTextConfig, CLIPTextModel, CLIPTokenizer, Qwen2Tokenizer, Qwen3Config, Qwen3ForCausalLM, Qwen3Model, T5Config,
    T5EncoderModel, T5Tokenizer)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "families"))
from make_families import numbers  # noqa: E402

PROMPTS = [
    "a red apple on a blue background",
    "Ein Café – naïve “quotes”, 2024's (best) [picture]: 3.5×2 ½\n a\tcat  in  Übergröße; 日本語 🎉!",
]
LONG = " ".join(f"{number} green bottles, hanging on the wall;" for number in range(90))


# ---------------------------------------------------------------------------------------------- tiny encoders


def seeded(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, weight in sorted(model.named_parameters()):
        scale, offset = size_of(name, weight.shape)
        weight.data = offset + scale * (2 * torch.rand(weight.shape, generator=generator) - 1)
    return model.eval()


def size_of(name, shape):
    """The scale and offset of a tensor's numbers: about what training leaves."""
    if "norm" in name and len(shape) == 1:
        return (0.25, 1.0) if name.endswith("weight") else (0.1, 0.0)
    if name.endswith("bias"):
        return 0.1, 0.0
    if "relative_attention_bias" in name:
        return 3.0, 0.0
    if "shared" in name or "embed" in name:
        return (1.0 if "position" not in name else 0.3), 0.0
    return round(1.6 * (1 / shape[-1]) ** 0.5, 5), 0.0


@torch.no_grad()
def write_tiny(name, model, references):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, max_shard_size="20KB" if name == "qwen3-tiny" else "1GB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    save_file({key: value.contiguous() for key, value in references.items()}, folder / "modules.safetensors")


@torch.no_grad()
def write_t5_tiny():
    config = T5Config(
        vocab_size=48, d_model=24, d_kv=8, d_ff=40, num_layers=3, num_heads=4, feed_forward_proj="gated-gelu",
        relative_attention_num_buckets=32, relative_attention_max_distance=128, use_cache=False)
    model = seeded(T5EncoderModel(config), 1)
    generator = torch.Generator().manual_seed(2)
    references = {}
    for name, shape in [("long", (1, 200)), ("pair", (2, 9)), ("one", (1, 1))]:
        ids = torch.randint(48, shape, generator=generator)
        references |= {f"{name}.ids": ids, f"{name}.states": model(ids).last_hidden_state}
    distances = torch.arange(-600, 601)
    attention = model.encoder.block[0].layer[0].SelfAttention
    references["buckets"] = attention._relative_position_bucket(distances, True, 32, 128).float()
    references["buckets.small"] = attention._relative_position_bucket(distances, True, 12, 50).float()
    write_tiny("t5-tiny", model, references)


@torch.no_grad()
def write_qwen3_tiny():
    config = Qwen3Config(
        vocab_size=64, hidden_size=24, intermediate_size=40, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, rms_norm_eps=1e-6, rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        tie_word_embeddings=False)
    model = seeded(Qwen3ForCausalLM(config), 3)
    ids = torch.randint(64, (1, 70), generator=torch.Generator().manual_seed(4))
    mask = (torch.arange(70) < 43).long()[None]
    references = {"ids": ids}
    whole = model(ids, output_hidden_states=True)
    padded = model(ids, attention_mask=mask, output_hidden_states=True)
    for depth in range(5):
        references[f"whole.{depth}"] = whole.hidden_states[depth]
        references[f"padded.{depth}"] = padded.hidden_states[depth]
    write_tiny("qwen3-tiny", model, references)


def write_gguf(name, architecture, kind):
    """The weights of a tiny encoder under llama.cpp's names."""
    model = {key: value for path in sorted((HERE / name).glob("model*.safetensors")) for key, value in load_file(path).items()}
    config = json.loads((HERE / name / "config.json").read_text())
    writer = gguf.GGUFWriter(HERE / f"{name}.gguf", architecture)
    writer.add_layer_norm_rms_eps(config.get("rms_norm_eps", config.get("layer_norm_epsilon")))
    if "rope_parameters" in config:
        writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    names = gguf.get_tensor_name_map(kind, config.get("num_hidden_layers", config.get("num_layers")))
    for key, value in model.items():
        writer.add_tensor(names.get_name(key, (".weight",)), value.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# ---------------------------------------------------------------------------------------------- families


def by_name(model, prefix):
    """Gives a model the numbers that follow from its names, and lists them."""
    entries = []
    tied = {id(weight): name for name, weight in model.named_parameters()}
    for name, weight in model.named_parameters():
        assert tied[id(weight)] == name
        scale, offset = size_of(name, weight.shape)
        full = f"{prefix}.{name}"
        weight.data = numbers(full, tuple(weight.shape), scale, offset).float()
        entries.append([full, list(weight.shape), scale, offset])
    return entries


def write_family(name, parts, index, results):
    listed = {}
    for part, model in parts.items():
        config = json.loads(model.config.to_json_string(use_diff=False))
        config["architectures"] = [type(model).__name__]
        keep = {key: value for key, value in config.items() if not key.startswith("_") and not isinstance(value, dict)}
        if "rope_parameters" in config:
            keep["rope_parameters"] = config["rope_parameters"]
        listed[part] = {"config": keep, "tensors": by_name(model, part)}
    results = {key: value.contiguous().float() for key, value in results(parts).items()}
    family = {"index": index, "prompts": PROMPTS, "long": LONG, "parts": listed}
    text = json.dumps(family, ensure_ascii=False, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace('["text', '\n["text') + "\n")
    save_file(results, HERE / f"{name}.safetensors")


@torch.no_grad()
def write_flux(clip_tokenizer, t5_tokenizer):
    clip = CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=1,
        max_position_embeddings=77, hidden_act="quick_gelu", bos_token_id=0, eos_token_id=2, pad_token_id=1)).eval()
    t5 = T5EncoderModel(T5Config(
        vocab_size=32128, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu")).eval()

    def results(parts):
        pipeline = FluxPipeline(
            scheduler=None, vae=None, text_encoder=parts["text_encoder"], tokenizer=clip_tokenizer,
            text_encoder_2=parts["text_encoder_2"], tokenizer_2=t5_tokenizer, transformer=None)
        found = {}
        for index, (first, second, length) in enumerate(
                [(PROMPTS[0], None, 512), (PROMPTS[1], None, 256), (PROMPTS[0], PROMPTS[1], 77), (LONG, None, 64)]):
            states, pooled, _ = pipeline.encode_prompt(prompt=first, prompt_2=second, max_sequence_length=length)
            found |= {f"{index}.states": states, f"{index}.pooled": pooled}
        return found

    index = {"_class_name": "FluxPipeline", "text_encoder": ["transformers", "CLIPTextModel"],
             "text_encoder_2": ["transformers", "T5EncoderModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "tokenizer_2": ["transformers", "T5TokenizerFast"]}
    write_family("flux", {"text_encoder": clip, "text_encoder_2": t5}, index, results)


def qwen3():
    return Qwen3ForCausalLM(Qwen3Config(
        vocab_size=151936, hidden_size=8, intermediate_size=16, num_hidden_layers=29, num_attention_heads=4,
        num_key_value_heads=2, head_dim=4, rms_norm_eps=1e-6, rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        tie_word_embeddings=True)).eval()


@torch.no_grad()
def write_klein(tokenizer):
    def results(parts):
        encode = Flux2KleinPipeline._get_qwen3_prompt_embeds
        return {f"{index}.states": encode(parts["text_encoder"], tokenizer, prompt, max_sequence_length=length)
                for index, (prompt, length) in enumerate([(PROMPTS[0], 512), (PROMPTS[1], 128), (LONG, 100)])}

    index = {"_class_name": "Flux2KleinPipeline", "text_encoder": ["transformers", "Qwen3ForCausalLM"],
             "tokenizer": ["transformers", "Qwen2TokenizerFast"], "is_distilled": True}
    write_family("flux2-klein", {"text_encoder": qwen3()}, index, results)


@torch.no_grad()
def write_z_image(tokenizer):
    def results(parts):
        pipeline = ZImagePipeline(
            scheduler=None, vae=None, text_encoder=parts["text_encoder"], tokenizer=tokenizer, transformer=None)
        found = {}
        for index, (prompt, length) in enumerate([(PROMPTS[0], 512), (PROMPTS[1], 512), (LONG, 100)]):
            states, _ = pipeline.encode_prompt([prompt], do_classifier_free_guidance=False, max_sequence_length=length)
            found[f"{index}.states"] = states[0][None]
        return found

    index = {"_class_name": "ZImagePipeline", "text_encoder": ["transformers", "Qwen3ForCausalLM"],
             "tokenizer": ["transformers", "Qwen2Tokenizer"]}
    write_family("z-image", {"text_encoder": qwen3()}, index, results)


# ---------------------------------------------------------------------------------------------- tokenizers


def t5_tokenizer(path):
    folder = Path(tempfile.mkdtemp())
    shutil.copy(path, folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "T5Tokenizer", "model_max_length": 512}))
    return T5Tokenizer.from_pretrained(folder)


# As Qwen3's own where there is one user's turn.
CHAT = (
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}")


def qwen_tokenizer(merges_path, added_path):
    merges = [line for line in Path(merges_path).read_text().split("\n") if line]
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = [chr(byte) for byte in plain] + [chr(256 + index) for index in range(256 - len(plain))]
    folder = Path(tempfile.mkdtemp())
    vocab = {token: index for index, token in enumerate(symbols + [merge.replace(" ", "") for merge in merges])}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    (folder / "merges.txt").write_text("\n".join(merges) + "\n")
    added = {str(index): dict(content=token, lstrip=False, normalized=False, rstrip=False, single_word=False,
                              special=not token.strip("<>/") in ("think", "tool_call", "tool_response"))
             for token, index in json.loads(Path(added_path).read_text()).items()}
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(
        tokenizer_class="Qwen2Tokenizer", added_tokens_decoder=added, bos_token=None, eos_token="<|im_end|>",
        pad_token="<|endoftext|>", unk_token=None, model_max_length=131072, chat_template=CHAT)))
    return Qwen2Tokenizer.from_pretrained(folder)


RANGES = [
    (0x20, 0x7E), (0x20, 0x7E), (0x61, 0x7A), (0xA0, 0x17F), (0x2B0, 0x36F), (0x370, 0x52F), (0x590, 0x6FF),
    (0x900, 0xD7F), (0xE00, 0xEFF), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x218F),
    (0x2190, 0x27BF), (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xADFF), (0xF900, 0xFB4F), (0xFE00, 0xFFEF),
    (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0, 0x1F)]
WORDS = (
    "a photo of cat's dog's don't I'LL we'Re can'T O'Sullivan 2024 3.14 1,000 http://x.y/z?q=1 (best) [ok] {x|y} <b> "
    "Übung naïve façade İstanbul ſtraße ﬁne ½ x² ™ … – — “q” ‘s \u2019s ﷺ ㎏ Å A\u030a e\u0301\u0323 한국어 한 日本語 "
    "中文字符 العربية हिन्दी ไทย Ελλάδα Россия 👩‍👩‍👧 🏳️‍🌈 🇩🇪 e\u200dx \u200b \ufeff \u00ad ▁ _ ▁x <pad> </s> <unk> "
    "<extra_id_7> <|im_start|> <|endoftext|> <think> </think> <|x|> ' '' 's 'S 'ſ \u00a0 \u3000 \u2028 \u0085").split(" ")
SPACES = [" ", " ", " ", " ", "  ", "   ", "\n", "\n\n", " \n", "\t", "\r\n", "\u00a0", "\u3000", "", "", " \n \n  "]


def texts(count, seed):
    """Prompts, words of many scripts with all kinds of space between, and characters at random."""
    generator = random.Random(seed)
    yield from ["", " ", "\n", "a photo\n", " a  photo ", "Hello", "hello world", "a photo of a cat, 2024", *PROMPTS]
    for _ in range(count):
        pieces = []
        for _ in range(generator.randint(1, 10)):
            if generator.random() < 0.6:
                pieces.append(generator.choice(WORDS))
            else:
                low, high = generator.choice(RANGES)
                pieces.append("".join(chr(generator.randint(low, high)) for _ in range(generator.randint(1, 6))))
            pieces.append(generator.choice(SPACES))
        yield "".join(pieces)


def write_cases(name, tokenizer, count=400, path=None):
    cases = [[text, tokenizer(text).input_ids] for text in texts(count, seed=5)]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (path or HERE / f"{name}-cases.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    clip_path, t5_path, merges_path, added_path = sys.argv[1:5]
    t5, qwen = t5_tokenizer(t5_path), qwen_tokenizer(merges_path, added_path)
    if len(sys.argv) > 5:  # Many more cases, into another folder.
        write_cases("t5", t5, 40_000, Path(sys.argv[5]) / "t5.json")
        write_cases("qwen", qwen, 40_000, Path(sys.argv[5]) / "qwen.json")
        sys.exit()
    write_cases("t5", t5)
    write_cases("qwen", qwen)
    write_t5_tiny()
    write_qwen3_tiny()
    write_gguf("t5-tiny", "t5encoder", gguf.MODEL_ARCH.T5ENCODER)
    write_gguf("qwen3-tiny", "qwen3", gguf.MODEL_ARCH.QWEN3)
    write_flux(CLIPTokenizer.from_pretrained(clip_path), t5)
    write_klein(qwen)
    write_z_image(qwen)
    versions = {module.__name__: module.__version__ for module in (torch, transformers, diffusers, tokenizers, numpy)}
    for path in HERE.rglob("*.safetensors"):
        path.chmod(0o644)
    (HERE / "VERSIONS").write_text(
        "".join(f"{name} {version}\n" for name, version in {"python": platform.python_version(), **versions}.items()))
