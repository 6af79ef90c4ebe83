"""A plugin whose steps do what they are told, however wrong. `bad` and `once` are the same; the manifest says that `bad` is idempotent."""
import os
import signal
import time

import busway_plugin as busway

plugin = busway.Plugin()
held = []


def spin():
    while True:
        pass


def leak():
    while True:
        held.append(bytearray(16 * 1024 * 1024))


DEEDS = {
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "abort": os.abort,
    "exit": lambda: os._exit(3),
    "hang": lambda: time.sleep(3600),
    "spin": spin,
    "leak": leak,
    "write": lambda: os.write(2, b"x" * 200_000 + b"\n" + b"\xff\n" * 10_000),
    "nothing": lambda: None,
    "slow": lambda: time.sleep(0.02),
}


@plugin.step("bad")
@plugin.step("once")
def bad(message):
    DEEDS[message.body["do"]]()
    return busway.Reply(body={"n": message.body.get("n"), "attempt": message.about["attempt"]})


plugin.run()
