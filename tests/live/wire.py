# SPDX-License-Identifier: PostgreSQL
"""A man in the middle of a PostgreSQL connection: hands messages on, until a script says otherwise.

    with Wire(pg.port) as wire:                       # without TLS: sslmode=disable
        a = Asker(bench, "pg", PANELS, "-t", wire.conninfo())
        wire.script = flood                           # flood(link, kind, body) -> True: the message was dealt with
    def flood(link, kind, body):                      # called for each message of the server, in the link's own thread
        if kind == b"D" and link.ready > 1:           # link.ready: ReadyForQuery seen so far, the login's included
            link.announce(b"D", 1 << 30); return True
"""
import socket
import struct
import threading


class Cut(Exception):
    """Ends the link."""


class Link:
    def __init__(self, wire, client, server):
        self.wire, self.client, self.server = wire, client, server
        self.ready = 0
        self.sent = 0                                 # bytes that the client's side took
        threading.Thread(target=self.up, daemon=True).start()
        threading.Thread(target=self.down, daemon=True).start()

    def close(self):
        for s in (self.client, self.server):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def up(self):
        try:
            while data := self.client.recv(1 << 16):
                self.server.sendall(data)
        except OSError:
            pass
        self.close()

    def take(self, count):
        got = b""
        while len(got) < count:
            more = self.server.recv(count - len(got))
            if not more:
                raise Cut
            got += more
        return got

    def give(self, data):
        self.client.sendall(data)
        self.sent += len(data)

    def message(self, kind, body):
        self.give(kind + struct.pack("!I", len(body) + 4) + body)

    def announce(self, kind, length, really=1 << 40):
        """A message that says it has so many bytes; of them `really` are sent, as fast as they are taken."""
        self.give(kind + struct.pack("!I", length))
        left, chunk = min(length, really), b"x" * (1 << 20)
        while left > 0:
            self.give(chunk[:left])
            left -= len(chunk)

    def down(self):
        try:
            while True:
                kind, length = struct.unpack("!cI", self.take(5))
                body = self.take(length - 4)
                if kind == b"Z":
                    self.ready += 1
                script = self.wire.script
                if not (script and script(self, kind, body)):
                    self.message(kind, body)
        except (OSError, Cut):
            pass
        self.close()


class Wire:
    def __init__(self, port, script=None):
        self.target, self.script = port, script
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.links = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
                self.links.append(Link(self, client, socket.create_connection(("127.0.0.1", self.target))))
            except OSError:
                return

    def conninfo(self, user="postgres", dbname="postgres"):
        return f"host=127.0.0.1 port={self.port} user={user} dbname={dbname} sslmode=disable"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for link in self.links:
            link.close()
