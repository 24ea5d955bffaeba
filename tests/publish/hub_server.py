"""A Hub on this machine that speaks the real wire protocol to the unmodified huggingface_hub client.

    with running_hub() as hub: ...   # the client in a process of its own, with hub.environment(home)

Repositories are kept in memory. Xet is left out: `environment` switches it off, and then the client uses LFS. A fault
is a rule: hub.refuse("POST", "/commit/", 403), hub.stall("PUT", "/_lfs/"), hub.hang_up("PUT", "/_lfs/").
"""

import base64
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.model.card_rules import faults_in

TOKENS = {  # a token: its user, its role, and the role in the organisation
    "hf_test": ("user", "write", "write"),
    "hf_read": ("user", "read", "read"),
    "hf_outsider": ("outsider", "write", "read"),
    "hf_fine": ("user", "fineGrained", "write"),
}
ORGANISATION = "club"
_HANG_UP = -1
_LFS = (".safetensors", ".onnx", ".png", ".mp4", ".gif")


def _git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repository:
    private: bool
    trees: dict[str, dict[str, dict]] = field(default_factory=dict)  # commit: path: {"data": bytes} or {"lfs": oid}
    commits: list[str] = field(default_factory=list)  # the newest first
    titles: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return self.commits[0]

    def commit(self, added: dict[str, dict], deleted: list[str], title: str) -> str:
        tree = dict(self.trees[self.head]) if self.commits else {}
        for path in deleted:
            for name in [name for name in tree if name == path or name.startswith(path.rstrip("/") + "/")]:
                del tree[name]
        tree.update(added)
        sha = hashlib.sha1(f"{title}{time.time_ns()}".encode()).hexdigest()
        self.trees[sha], self.titles[sha] = tree, title
        self.commits.insert(0, sha)
        return sha

    def resolve(self, revision: str) -> str | None:
        if revision == "main":
            return self.head
        return self.tags.get(revision) or (revision if revision in self.trees else None)


class Hub:
    """`repositories[("models", "user/name")]`; `log` of (method, path, code); `received`: every body as it came."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.objects: dict[str, bytes] = {}  # of LFS, by SHA-256
        self.log: list[tuple[str, str, int]] = []
        self.received: list[bytes] = []
        self.lock = threading.RLock()
        self.stalled = threading.Event()  # set when a request met a stall
        self._faults: list[tuple[str, str, int | None]] = []
        handler = type("BoundHandler", (Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def environment(self, home: Path, token: str | None = "hf_test") -> dict[str, str]:
        """For a client that knows this Hub only, with an empty cache in `home`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        own = {"HF_ENDPOINT": self.url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HOME": str(home)}
        own |= {"HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1"}
        return {**kept, **own, **({"HF_TOKEN": token} if token else {})}

    def refuse(self, method: str, part: str, code: int) -> None:
        """Answer requests whose path holds `part` with `code`."""
        self._faults.append((method, part, code))

    def stall(self, method: str, part: str) -> None:
        """Never answer requests whose path holds `part`."""
        self._faults.append((method, part, None))

    def hang_up(self, method: str, part: str) -> None:
        """End the connection of requests whose path holds `part` without an answer."""
        self._faults.append((method, part, _HANG_UP))

    def recover(self) -> None:
        self._faults.clear()
        self.stalled.clear()

    def fault(self, method: str, path: str) -> int | None:
        """The code to refuse with, 0 for none, None for a stall, _HANG_UP."""
        return next((code for verb, part, code in self._faults if verb == method and part in path), 0)

    def model(self, name: str = "user/faces") -> Repository:
        return self.repositories["models", name]

    def files(self, kind: str = "models", name: str = "user/faces", revision: str = "main") -> dict[str, bytes]:
        """What a repository holds, by path, without the Hub's own .gitattributes."""
        repository = self.repositories[kind, name]
        tree = repository.trees[repository.resolve(revision)]
        content = {path: e["data"] if "data" in e else self.objects[e["lfs"]] for path, e in tree.items()}
        content.pop(".gitattributes", None)
        return content

    def create(self, kind: str, name: str, private: bool = False) -> Repository:
        repository = self.repositories[kind, name] = Repository(private)
        repository.commit({".gitattributes": {"data": b"*.onnx filter=lfs\n"}}, [], "initial commit")
        return repository


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    threading.Thread(target=hub.server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hub
    finally:
        hub.server.shutdown()
        hub.server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    # -- one request ---------------------------------------------------------------------------------------------

    def _any(self) -> None:
        self.raw = self._body()
        self.hub.received += [self.raw, self.path.encode(), str(self.headers).encode()]
        code = self.hub.fault(self.command, self.path)
        if code is None:
            self.hub.stalled.set()
            time.sleep(600)
        elif code == _HANG_UP:
            self.close_connection = True
            return None
        elif code:
            return self.refuse(code, "Fault", "as the test asked")
        path = urlsplit(self.path).path
        for verbs, pattern, method in _ROUTES:
            found = pattern.fullmatch(path if "/resolve/" in path else unquote(path))
            if found and self.command in verbs.split():
                with self.hub.lock:
                    return method(self, **found.groupdict())
        return self.refuse(404, "EntryNotFound", "no such route")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _any

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while length := int(self.rfile.readline().split(b";")[0], 16):
            content += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def json(self) -> dict:
        return json.loads(self.raw)

    def send(self, body: object = b"", code: int = 200, kind: str = "application/json", **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        own = {"Content-Type": kind, "Content-Length": str(len(content))}
        for name, value in {**own, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.hub.log.append((self.command, self.path, code))

    def refuse(self, code: int, name: str, message: str = "") -> None:
        self.send({"error": message or name}, code, X_Error_Code=name, X_Error_Message=message or name)

    def who(self) -> tuple[str, str, str] | None:
        return TOKENS.get(self.headers.get("Authorization", "").removeprefix("Bearer "))

    def may_write(self, name: str) -> bool:
        """Whether the token may write to a repository of this name; else the refusal is sent."""
        who = self.who()
        if who is None:
            self.refuse(401, "Unauthorized", "Invalid credentials in Authorization header")
            return False
        user, role, role_in_organisation = who
        owner = name.split("/")[0]
        if role != "read" and (owner == user or (owner == ORGANISATION and role_in_organisation == "write")):
            return True
        self.refuse(403, "Forbidden", "You don't have the rights to write here")
        return False

    def repository(self, kind: str, name: str, write: bool = False) -> Repository | None:
        """The repository, or None when the refusal is sent."""
        found = self.hub.repositories.get((kind, name))
        if found is None or (found.private and self.who() is None):
            self.refuse(404 if self.who() else 401, "RepoNotFound", "Repository not found")
            return None
        return found if not write or self.may_write(name) else None

    # -- the account -----------------------------------------------------------------------------------------------

    def whoami(self) -> None:
        who = self.who()
        if who is None:
            return self.refuse(401, "Unauthorized", "Invalid credentials in Authorization header")
        user, role, role_in_organisation = who
        token: dict = {"displayName": "t", "role": role}
        if role == "fineGrained":
            token["fineGrained"] = {"scoped": [{"entity": {"name": "user/other"}, "permissions": ["repo.write"]}]}
        club = [{"name": ORGANISATION, "roleInOrg": role_in_organisation}]
        return self.send({"type": "user", "name": user, "orgs": club, "auth": {"accessToken": token}})

    def create(self) -> None:
        values = self.json()
        user = (self.who() or ("",))[0]
        kind, name = f"{values.get('type', 'model')}s", f"{values.get('organization') or user}/{values['name']}"
        if not self.may_write(name):
            return None
        url = f"{self.hub.url}/{'' if kind == 'models' else kind + '/'}{name}"
        if (kind, name) in self.hub.repositories:
            return self.send({"error": "You already created this repo", "url": url}, 409)
        self.hub.create(kind, name, values.get("visibility") == "private")
        return self.send({"url": url, "name": name, "id": name})

    def variables(self, name: str) -> None:
        found = self.repository("spaces", name, write=self.command == "POST")
        if found:
            if self.command == "POST":
                found.variables[self.json()["key"]] = self.json()["value"]
            self.send({key: {"key": key, "value": value} for key, value in found.variables.items()})

    # -- writing ---------------------------------------------------------------------------------------------------

    def validate_yaml(self) -> None:
        faults = faults_in(self.json()["content"], self.json()["repoType"])
        told = {"errors": [{"message": fault} for fault in faults], "warnings": []}
        self.send(told, 400 if faults else 200)

    def preupload(self, kind: str, name: str, revision: str) -> None:
        found = self.repository(kind, name, write=True)
        if not found:
            return
        tree, answer = found.trees[found.resolve(revision)], []
        for file in self.json()["files"]:
            entry = tree.get(file["path"])
            oid = (entry.get("lfs") or _git_oid(entry["data"])) if entry else None
            mode = "lfs" if file["path"].endswith(_LFS) or file["size"] > 10e6 else "regular"
            answer.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self.send({"files": answer, "commitOid": found.head})

    def commit(self, kind: str, name: str, revision: str) -> None:
        found = self.repository(kind, name, write=True)
        if not found:
            return None
        added, deleted, head = {}, [], {}
        for line in self.raw.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                head = value
            elif item["key"] == "file":
                content = base64.b64decode(value["content"])
                self.hub.received.append(content)
                added[value["path"]] = {"data": content}
            elif item["key"] == "lfsFile":
                if value["oid"] not in self.hub.objects:
                    return self.refuse(400, "BadRequest", f"LFS object not uploaded: {value['path']}")
                added[value["path"]] = {"lfs": value["oid"]}
            else:
                deleted.append(value["path"])
        if head.get("parentCommit") not in (None, found.head):
            return self.refuse(412, "PreconditionFailed", "parentCommit is not the head")
        sha = found.commit(added, deleted, head.get("summary", ""))
        return self.send({"success": True, "commitOid": sha, "commitUrl": f"{self.hub.url}/{name}/commit/{sha}"})

    def tag(self, kind: str, name: str, revision: str) -> None:
        found = self.repository(kind, name, write=True)
        if not found:
            return None
        if self.json()["tag"] in found.tags:
            return self.refuse(409, "Conflict", "Tag reference exists already")
        found.tags[self.json()["tag"]] = found.resolve(revision)
        return self.send(b"OK", 201, "text/plain")

    def lfs_batch(self, kind: str | None, name: str) -> None:
        if not self.repository((kind or "models/").rstrip("/"), name, write=True):
            return
        answer = []
        for item in self.json()["objects"]:
            answer.append({"oid": item["oid"], "size": item["size"], "authenticated": True})
            if item["oid"] not in self.hub.objects:
                href = f"{self.hub.url}/_lfs/{item['oid']}"
                answer[-1]["actions"] = {"upload": {"href": href}, "verify": {"href": href + "/verify"}}
        self.send({"transfer": "basic", "objects": answer}, kind="application/vnd.git-lfs+json")

    def lfs_object(self, oid: str) -> None:
        if self.command == "PUT":
            if hashlib.sha256(self.raw).hexdigest() != oid:
                return self.refuse(400, "BadDigest", "sha256 mismatch")
            self.hub.objects[oid] = self.raw
            return self.send()
        if oid not in self.hub.objects:
            return self.refuse(404, "EntryNotFound")
        content, wanted = self.hub.objects[oid], re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted:
            start = int(wanted[1])
            end = min(int(wanted[2] or len(content)) + 1, len(content))
            place = f"bytes {start}-{end - 1}/{len(content)}"
            return self.send(content[start:end], 206, "application/octet-stream", Content_Range=place, ETag=f'"{oid}"')
        return self.send(content, 200, "application/octet-stream", ETag=f'"{oid}"')

    def lfs_verify(self, oid: str) -> None:
        whole = len(self.hub.objects.get(oid, b"")) == self.json()["size"]
        self.send({"success": whole}, 200 if whole else 404)

    # -- reading ---------------------------------------------------------------------------------------------------

    def info(self, kind: str, name: str, revision: str | None = None) -> None:
        found = self.repository(kind, name)
        if not found:
            return None
        sha = found.resolve(revision or "main")
        if not sha:
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        names = [{"rfilename": path} for path in found.trees[sha]]
        values = {"_id": "1", "id": name, "sha": sha, "private": found.private, "tags": [], "downloads": 0, "likes": 0}
        return self.send({**values, "siblings": names})

    def _entry(self, path: str, entry: dict) -> dict:
        content = entry.get("data") or self.hub.objects[entry["lfs"]]
        told = {"type": "file", "path": path, "oid": _git_oid(content), "size": len(content)}
        if "lfs" in entry:
            told["lfs"] = {"oid": entry["lfs"], "size": len(content), "pointerSize": 134}
        return told

    def listing(self, kind: str, name: str, revision: str, path: str | None = None) -> None:
        found = self.repository(kind, name)
        if not found:
            return None
        sha = found.resolve(revision)
        if not sha:
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if self.command == "POST":
            wanted = parse_qs(self.raw.decode())["paths"]
        else:
            wanted = [name for name in found.trees[sha] if name.startswith((path or "").strip("/"))]
        folders: set[str] = set()
        if "recursive=false" in self.path:  # one level: its files, and its folders without what is in them
            above = f"{path.strip('/')}/" if path else ""
            below = [name.removeprefix(above) for name in wanted if name.startswith(above)]
            folders = {above + name.split("/")[0] for name in below if "/" in name}
            wanted = [above + name for name in below if "/" not in name]
        tree = found.trees[sha]
        listed = [{"type": "directory", "path": name, "oid": _git_oid(name.encode()), "size": 0} for name in folders]
        return self.send(listed + [self._entry(path, tree[path]) for path in sorted(wanted) if path in tree])

    def references(self, kind: str, name: str) -> None:
        found = self.repository(kind, name)
        if found:
            tags = [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": sha} for n, sha in found.tags.items()]
            branches = [{"name": "main", "ref": "refs/heads/main", "targetCommit": found.head}]
            self.send({"branches": branches, "tags": tags, "converts": []})

    def resolve(self, kind: str | None, name: str, revision: str, path: str) -> None:
        found = self.repository((kind or "models/").rstrip("/"), name)
        if not found:
            return None
        sha = found.resolve(unquote(revision))
        if not sha:
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        entry = found.trees[sha].get(unquote(path))
        if entry is None:
            return self.refuse(404, "EntryNotFound", "Entry not found")
        if "data" in entry:
            content = entry["data"]
            return self.send(content, 200, "text/plain", X_Repo_Commit=sha, ETag=f'"{_git_oid(content)}"')
        # The client follows only to another host, as the real Hub sends it to one for large files.
        place = f"{self.hub.url.replace('127.0.0.1', 'localhost')}/_lfs/{entry['lfs']}"
        size, etag = str(len(self.hub.objects[entry["lfs"]])), f'"{entry["lfs"]}"'
        return self.send(b"", 302, X_Repo_Commit=sha, X_Linked_Size=size, X_Linked_ETag=etag, Location=place)


_NAME, _REVISION = r"(?P<name>[\w.-]+/[\w.-]+)", r"(?P<revision>[^/]+)"
_API = rf"/api/(?P<kind>models|datasets|spaces)/{_NAME}"
_KIND = r"/(?P<kind>datasets/|spaces/)?"
_ROUTES = [
    (verbs, re.compile(pattern), method)
    for verbs, pattern, method in [
        ("GET", "/api/whoami-v2", Handler.whoami),
        ("POST", "/api/repos/create", Handler.create),
        ("POST", "/api/validate-yaml", Handler.validate_yaml),
        ("GET POST", rf"/api/spaces/{_NAME}/variables", Handler.variables),
        ("POST", f"{_API}/preupload/{_REVISION}", Handler.preupload),
        ("POST", f"{_API}/commit/{_REVISION}", Handler.commit),
        ("POST", f"{_API}/tag/{_REVISION}", Handler.tag),
        ("GET", f"{_API}(/revision/{_REVISION})?", Handler.info),
        ("GET", f"{_API}/tree/{_REVISION}(?P<path>/.*)?", Handler.listing),
        ("POST", f"{_API}/paths-info/{_REVISION}", Handler.listing),
        ("GET", f"{_API}/refs", Handler.references),
        ("POST", rf"{_KIND}{_NAME}\.git/info/lfs/objects/batch", Handler.lfs_batch),
        ("POST", "/_lfs/(?P<oid>[0-9a-f]{64})/verify", Handler.lfs_verify),
        ("GET HEAD PUT", "/_lfs/(?P<oid>[0-9a-f]{64})", Handler.lfs_object),
        ("GET HEAD", rf"{_KIND}{_NAME}/resolve/{_REVISION}/(?P<path>.+)", Handler.resolve),
    ]
]
