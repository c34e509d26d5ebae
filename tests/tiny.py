"""Tiny models, adapters and packages, created in a test's folder in a second; nothing is downloaded."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEXTS = [
    "How many lighthouses are in Norway?",
    "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'",
    "system user assistant Schema Dialect",
]
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]


def tokenizer(folder: Path) -> None:
    """A byte-level BPE tokenizer of about 400 tokens with ChatML's special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": SPECIAL[1],
        "eos_token": SPECIAL[2],
        "pad_token": SPECIAL[2],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def sentencepiece(folder: Path) -> None:
    """A tokenizer as Llama 2's and Gemma's are: SentencePiece's pieces, blanks as "▁", and a token
    for each byte to fall back on.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

    pieces = [
        "<unk>",
        "<s>",
        "</s>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        "▁",
        *map(chr, range(33, 127)),
        "é",
    ]
    merges = [
        ("S", "E"),
        ("SE", "L"),
        ("SEL", "E"),
        ("SELE", "C"),
        ("SELEC", "T"),
        ("▁", "F"),
        ("▁F", "R"),
        ("▁FR", "O"),
        ("▁FRO", "M"),
        ("a", "b"),
    ]
    pieces += ["".join(pair) for pair in merges]
    made = Tokenizer(
        models.BPE(
            {piece: i for i, piece in enumerate(pieces)},
            merges,
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    made.add_special_tokens([AddedToken(piece, special=True) for piece in pieces[:3]])
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))


def allowed(state: Any, size: int) -> set[int]:
    """The token ids that a mask's state lets come next."""
    import numpy as np

    row = np.zeros((size + 31) // 32, dtype=np.int32)
    state.fill(row)
    return set(np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little")[:size]).tolist())


def base_model(
    folder: Path,
    architecture: str = "llama",
    *,
    layers: int = 2,
    tie: bool = True,
    shards: bool = False,
    seed: int = 0,
    **changes: Any,
) -> Path:
    """A random model of a real architecture: llama, qwen2 (biases on q, k, v) or qwen3.

    Args:
        changes: Fields of its configuration.
    """
    import torch
    import transformers

    tokenizer(folder)
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {
        "hidden_size": 128,
        "intermediate_size": 96,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,  # the smallest that vLLM computes on a CPU
        "vocab_size": 512,
        "max_position_embeddings": 1024,
        "tie_word_embeddings": tie,
        "bos_token_id": 1,
        "eos_token_id": 2,
    } | changes
    config = {
        "llama": transformers.LlamaConfig,
        "qwen2": transformers.Qwen2Config,
        "qwen3": transformers.Qwen3Config,
    }[architecture](**sizes)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                parameter.mul_(4.0)
            elif name.endswith("bias"):
                parameter.normal_(std=0.5)
    model.save_pretrained(folder, **({"max_shard_size": "100KB"} if shards else {}))
    return folder


def loaded(base: Path, **options: Any) -> Any:
    """A base in transformers, float32; one that also sees as a whole."""
    import torch
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    sees = type(transformers.AutoConfig.from_pretrained(base)) in (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    )
    auto = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
    return auto.from_pretrained(base, dtype=torch.float32, **options)


def peft_adapter(
    base: Path,
    folder: Path,
    kind: str,
    *,
    rank: int = 4,
    seed: int = 1,
    strength: float = 0.15,
    **options: Any,
) -> Path:
    """An adapter with random weights, written by PEFT itself."""
    import peft
    import torch

    torch.manual_seed(seed)
    model = peft.get_peft_model(loaded(base), peft_config(kind, rank, **options))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(part in name for part in ("lora_", "ia3_", "hada_", "lokr_", "vera_lambda")):
                if "magnitude" in name or "ia3" in name:
                    parameter.mul_(1 + 2 * strength * torch.randn_like(parameter))
                else:
                    parameter.normal_(std=strength)
            elif parameter.requires_grad:  # biases that are trained along
                parameter.add_(strength * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return folder


def fused(base: Path, folder: Path) -> Path:
    """The same Llama as a Phi-3, whose q, k, v and gate, up are one layer each."""
    import torch
    from safetensors.torch import load_file, save_file

    folder.mkdir(parents=True)
    for file in base.iterdir():
        if file.suffix != ".safetensors":
            shutil.copy(file, folder / file.name)
    config = json.loads((base / "config.json").read_text())
    config |= {"model_type": "phi3", "architectures": ["Phi3ForCausalLM"], "pad_token_id": 0}
    (folder / "config.json").write_text(json.dumps(config))
    weights = load_file(base / "model.safetensors")
    for whole, parts in (
        ("qkv_proj", "q_proj k_proj v_proj"),
        ("gate_up_proj", "gate_proj up_proj"),
    ):
        first, *rest = parts.split()
        for name in [n for n in weights if f".{first}." in n]:
            pieces = [weights.pop(name.replace(first, part)) for part in (first, *rest)]
            weights[name.replace(first, whole)] = torch.cat(pieces)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def spread(kind: str, rank: int, strength: float) -> float:
    """How widely a type's factors must be drawn to change the base's weights by as much as a LoRA
    of rank 8 whose factors have a deviation of `strength`.

    Types multiply two to four factors: drawn alike, some change nothing that can be seen, and
    others make a model in which PEFT's own float32 differs from float64 by 5e-4.
    """
    change = strength**2 * 8**0.5
    match kind:
        case "adalora":  # B E A
            return float((change / rank**0.5) ** (1 / 3))
        case "loha":  # (B A) * (B A)
            return float((change / rank) ** (1 / 4))
        case "lokr":  # one product of two numbers
            return float(change**0.5)
        case "vera":  # the fixed matrices multiply by about a thirtieth
            return float((30 * change) ** 0.5)
    return strength


def peft_config(kind: str, rank: int, **options: Any) -> Any:
    import peft

    targets = options.pop("target_modules", PROJECTIONS)
    common = {"target_modules": targets, "task_type": "CAUSAL_LM"}
    match kind:
        case "lora" | "rslora" | "dora" | "pissa" | "olora" | "lora_bias":
            flags: dict[str, Any] = {"use_rslora": kind == "rslora", "use_dora": kind == "dora"}
            flags |= {"init_lora_weights": kind} if kind in ("pissa", "olora") else {}
            flags |= {"lora_bias": True} if kind == "lora_bias" else {}
            return peft.LoraConfig(r=rank, lora_alpha=2 * rank, **flags, **common, **options)
        case "adalora":
            return peft.AdaLoraConfig(
                init_r=rank, target_r=rank, lora_alpha=2 * rank, total_step=100, **common, **options
            )
        case "ia3":
            common["target_modules"] = options.pop("ia3_modules", ["k_proj", "v_proj", "down_proj"])
            return peft.IA3Config(
                feedforward_modules=options.pop("feedforward", ["down_proj"]), **common, **options
            )
        case "loha":
            return peft.LoHaConfig(r=rank, alpha=2 * rank, **common, **options)
        case "lokr":
            return peft.LoKrConfig(r=rank, alpha=2 * rank, **common, **options)
        case "vera":
            return peft.VeraConfig(r=rank, **common, **options)
    raise AssertionError(kind)


def manifest(**changes: Any) -> dict[str, Any]:
    """A sound version 2.0 manifest of a LoRA expert, with the quirks of published ones."""
    sound: dict[str, Any] = {
        "name": "expert-tiny",
        "version": "0.1.0",
        "schema_version": "2.0",
        "description": "a tiny expert",
        "_comment": "comments begin with an underscore",
        "base_models": [
            {
                "name": "F:/Models\\tiny",
                "sha256": "",
                "quantization": "int4",
                "prompt_template": "qwen3",
                "adapters": [
                    {
                        "type": "lora",
                        "target_modules": PROJECTIONS,
                        "r": 4,
                        "alpha": 8,
                        "scaling": "standard",
                        "size_bytes": 0,
                        "sha256": "",
                        "_note": "x",
                    }
                ],
            }
        ],
        "soft_prompts": [],
        "capabilities": ["database:sql"],
        "limitations": ["none known", {"pattern": "joins", "description": "weak"}],
        "constraints": {"max_chain": 10, "load_order": 6, "incompatible_with": [], "requires": []},
        "training": {
            "decoding": {
                "temperature": 0.7,
                "top_p": 0.8,
                "top_k": 20,
                "min_p": 0,
                "stop_sequences": [";", "\n\n"],
            }
        },
        "quality_metrics": {"anything": "16/18", "score": 8.9},
        "perf": {"latency_ms_overhead": 3.0},
        "license": "cc-by-4.0",
    }
    return sound | changes


def ia3_entry() -> dict[str, Any]:
    return {
        "type": "ia3",
        "target_modules": ["k_proj", "v_proj", "down_proj"],
        "feedforward_modules": ["down_proj"],
    }


def package(folder: Path, adapter: Path | None, base: Path | None = None, **changes: Any) -> Path:
    """An unpacked package: a manifest, an adapter, the base's tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in adapter.iterdir() if adapter else ():
        if source.name in ("adapter_config.json", "adapter_model.safetensors"):
            shutil.copy(source, folder / source.name)
    for name in ("tokenizer.json", "tokenizer_config.json") if base else ():
        shutil.copy(base / name, folder / name)  # type: ignore[operator]
    (folder / "manifest.json").write_text(json.dumps(manifest(**changes), indent=2))
    return folder


def adapters_entry(kind: str, rank: int, targets: list[str] | None = None) -> dict[str, Any]:
    """What a manifest says of an adapter made by `peft_adapter`."""
    if kind == "ia3":
        return ia3_entry()
    declared = "lora" if kind in ("rslora", "pissa", "olora", "lora_bias") else kind
    return {
        "type": declared,
        "target_modules": targets or PROJECTIONS,
        "r": rank,
        "alpha": 2 * rank,
    }


def base_entry(
    kind: str = "lora",
    rank: int = 4,
    name: str = "tiny",
    targets: list[str] | None = None,
    **changes: Any,
) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "prompt_template": "chatml",
            "adapters": [adapters_entry(kind, rank, targets)],
            **changes,
        }
    ]


# ── archives ────────────────────────────────────────────────────────────────────────────────────


def tar_gz(
    target: Path, members: dict[str, bytes], extra: list[tarfile.TarInfo] | None = None
) -> Path:
    """An archive of these members, with extra headers of any kind behind them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in extra or []:
            archive.addfile(member, io.BytesIO(b"\0" * member.size))
    target.write_bytes(gzip.compress(buffer.getvalue()))
    return target


def zipped(target: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def members(folder: Path) -> dict[str, bytes]:
    """A folder's files, ready for an archive."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
