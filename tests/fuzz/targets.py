"""One fuzz target for each place where untrusted bytes are read."""

from __future__ import annotations

import gzip
import json

from hypothesis import strategies as st

from tests.fuzz import draw
from tests.fuzz.callers import (
    DDL,
    GRAMMAR,
    GRAPH,
    REGEX,
    SCHEMA,
    TEMPLATE,
    constraint,
    grammar,
    jinja,
)
from tests.fuzz.packages import (
    ADAPTERS,
    CUSTOM,
    LORA,
    LORA_CONFIG,
    MANIFEST,
    OLD,
    adapter,
    adapters_drawn,
    base,
    joined,
    manifest,
    open_archive,
    package,
    packages_drawn,
    tar,
)
from tests.fuzz.site import CHAT, HTTP, PARTS, http, request_of, site_of
from tests.fuzz.target import Target
from tests.fuzz.trust import KEYS, key_file, pems, signature, signed

TARGETS = {
    target.name: target
    for target in (
        Target("tar", tar, draw.tars(), (gzip.compress(b""), b"")),
        Target("zip", open_archive, draw.zips(), ()),
        Target("manifest", manifest, draw.damaged(draw.json_texts(MANIFEST, CUSTOM, OLD)) | draw.json_texts(MANIFEST, CUSTOM, OLD),
               tuple(json.dumps(m).encode() for m in (MANIFEST, CUSTOM, OLD))),
        Target("adapter", adapter, adapters_drawn(),
               tuple(joined(json.dumps(e).encode(), json.dumps(c).encode(), w) for e, c, w in ADAPTERS), base),
        Target("package", package, packages_drawn(), 
               (joined(json.dumps(CUSTOM).encode(), json.dumps(LORA_CONFIG).encode(), LORA, b"", b"{}", TEMPLATE, GRAMMAR),), base),
        Target("signature", signature, draw.damaged(draw.json_texts(MANIFEST)) | st.binary(max_size=12), (b"\0\0\1x",), signed,
               ("sound",)),
        Target("keys", key_file, draw.damaged(st.sampled_from([KEYS, *pems()])), (KEYS, *pems())),
        Target("grammar", grammar, draw.damaged(st.just(GRAMMAR)), (GRAMMAR,)),
        Target("constraint", constraint,
               st.one_of(draw.damaged(st.just(REGEX)).map(lambda d: b"r" + d), draw.json_texts(SCHEMA).map(lambda d: b"j" + d),
                         draw.damaged(st.just(DDL)).map(lambda d: b"d" + d), draw.damaged(st.just(GRAPH)).map(lambda d: b"g" + d)),
               (b"r" + REGEX, b"j" + json.dumps(SCHEMA).encode(), b"d" + DDL, b"g" + GRAPH)),
        Target("template", jinja, draw.damaged(st.just(TEMPLATE)), (TEMPLATE,)),
        Target("http", http, HTTP, 
               tuple(request_of("POST /v1/chat/completions application/json")(json.dumps(b).encode()) for b in (CHAT, PARTS)), site_of,
               ("served", "state")),
    )
}  # fmt: skip
