"""The CPU time that the provider takes for each answer that is the same for everybody, plain and compressed.

usage: python3 benches/cpu_per_answer.py PROGRAM [REQUESTS]
"""

import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading

program = os.path.abspath(sys.argv[1])
requests = int(sys.argv[2]) if len(sys.argv) > 2 else 500
environment = {**os.environ, "SEKISHO_HTTP__LISTEN": "127.0.0.1:0"}
folder = tempfile.TemporaryDirectory()
server = subprocess.Popen([program, "serve"], cwd=folder.name, env=environment, stderr=subprocess.PIPE, text=True)
for line in server.stderr:
    if ready := re.search(r"address=127\.0\.0\.1:(\d+)", line):
        break
else:
    sys.exit("the provider did not start")
# The rest of its log is read and dropped, so that it can go on writing.
threading.Thread(target=lambda: [None for _ in server.stderr], daemon=True).start()
connection = http.client.HTTPConnection("127.0.0.1", int(ready.group(1)))


def ask(path, encoding="identity"):
    connection.request("GET", path, headers={"Accept-Encoding": encoding})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status)
    return body


def cpu_us():
    fields = open(f"/proc/{server.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 // os.sysconf("SC_CLK_TCK")


style = re.search(r'href="(/assets/[^"]+/style\.css)"', ask("/help").decode()).group(1)
script = re.search(r'"url":"[^"]*(/help/component/[^"]+)"', ask("/help/v1/component").decode()).group(1)
try:
    for path in ["/help/v1/questions", "/help/v1/openapi.json", "/.well-known/openid-configuration", "/jwks", style, script]:
        for encoding in ["identity", "gzip"]:
            for _ in range(50):
                size = len(ask(path, encoding))
            before = cpu_us()
            for _ in range(requests):
                ask(path, encoding)
            print(f"{path:45} {encoding:9} {size:7} bytes {(cpu_us() - before) / requests:6.0f} us")
finally:
    server.kill()
