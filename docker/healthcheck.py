"""Whether the server in this container lives: exit status 0 or 1.

Where nothing said another port (EXPERTSERVE_PORT), it is 8000. `/ready`, which needs the engine, is
for whoever sends traffic: a container whose engine is starting is healthy, and must not be stopped.
"""

import os
import sys
import urllib.request

url = f"http://127.0.0.1:{os.environ.get('EXPERTSERVE_PORT', '8000')}/health"
try:
    with urllib.request.urlopen(url, timeout=4) as answer:
        sys.exit(answer.status != 200)
except OSError as error:
    sys.exit(f"{url}: {error}")
