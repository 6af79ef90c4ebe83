"""Plugins that are wrong: `busway check` says which, why and what to do, and none of them gets into a running bus.

    bad_test.py BUSWAY SOURCE CC CXX
"""
import os
import shutil
import time

from workshop import Case, main

# What is wrong, what the finding must say, and its id. All of parts/frame.h.
BAD = {
    "another ABI": ("#define ABI (2u << 16)", "BW7005", "needs version 2.0 of the plugin ABI, and this busway has 1.1"),
    "a later minor version": ("#define ABI (BUSWAY_ABI_VERSION + 1)", "BW7005", "needs version 1.2 of the plugin ABI"),
    "no entry point": ("#define ENTRY another_entry\n#include <busway_plugin.h>\nBUSWAY_EXPORT const busway_plugin* another_entry("
                       "const busway_host*);", "BW7004", "exports no busway_plugin_entry"),
    "a null declaration": ("#define IN_ENTRY return 0", "BW7008", "answers null instead of a declaration"),
    "a declaration that leads nowhere": ("#define IN_ENTRY return (const busway_plugin*)(size_t)64", "BW7006",
                                         "crashes while it is loaded and declares itself: signal 11 (SIGSEGV)"),
    "a crash": ("#define IN_ENTRY *(volatile int*)0 = 1", "BW7006", "crashes while it is loaded and declares itself: signal 11 (SIGSEGV)"),
    "an abort": ('#include <stdio.h>\n#define IN_ENTRY fputs("no licence\\n", stderr); abort()', "BW7006",
                 "signal 6 (SIGABRT); it said: no licence. Look at busway_plugin_entry"),
    "an exit": ("#define IN_ENTRY exit(0)", "BW7006", "ends the process while it is loaded and declares itself: exit status 0"),
    "an endless loop": ("#define IN_ENTRY for (;;) sleep(1)", "BW7007",
                        "hangs while it is loaded and declares itself: no answer within 5s. busway_plugin_entry must not wait"),
    "a field of no type": ("#define FIELD_TYPE 77", "BW7008", "the field 'count' of 'nothing': has type 77"),
    "a default of another type": ('#define FIELD_DEFAULT "many"', "BW7008", "has the default 'many': expected a whole number"),
    "a field of no size": ("#define FIELD_SIZE 3", "BW7008", "a field of 'nothing' has no struct_size that can be right"),
    "millions of fields": ("#define FIELD_COUNT 5000000", "BW7008", "the fields of 'nothing' are 5000000; 256 are the most"),
    "a summary without bytes": ("#define SUMMARY {0, 12}", "BW7008", "the summary of 'nothing' has a size and no bytes"),
    "a kind that is not built": ("#define KIND 4", "BW7008", "'nothing' is of kind 4, and this busway takes formats (1), steps (2) and adapters (3)"),
    "a step that does nothing": ("#define RUN 0", "BW7008", "'nothing' needs one of run and start"),
    "the name of a built-in step": ('#define NAME "map"', "BW7009", "declares the step 'map', which is built in: rename it"),
    "a key of every step": ('#define NAME "on_error"', "BW7009", "declares the step 'on_error', which is a key that every step has"),
    "a name with blanks": ('#define NAME "do it"', "BW7008", "use letters, digits, '_' and '-', at most 64"),
}

# Likewise of parts/adapter_frame.h.
BAD_ADAPTERS = {
    "neither half": ("#define SOURCE 0\n#define TARGET 0", "BW7008", "'wire' has neither a source nor a target"),
    "a source that cannot open": ("#define OPEN 0", "BW7008", "the source of 'wire' needs both open and reply"),
    "a target that cannot call": ("#define CALL 0", "BW7008", "the target of 'wire' needs call"),
    "a target of no size": ("#define TARGET_SIZE 8", "BW7008", "the target of 'wire' has no struct_size that can be right"),
    "a target that leads nowhere": ("#define TARGET (const busway_target*)(size_t)64", "BW7006", "signal 11 (SIGSEGV)"),
    "flags of another version": ("#define ADAPTER_FLAGS 64", "BW7008", "'wire' has flags that nobody knows"),
    "keys outside of its parts": ("#define OUTER_MAKE make", "BW7008", "'wire' is an adapter, and has keys or a make outside of its parts"),
    "keys that nobody reads": ("#define PART_MAKE 0", "BW7008", "the service of 'wire' has keys and no make"),
    "a key that the bus gives": ('#define KEY_NAME "max_body"', "BW7008",
                                 "the service of 'wire' declares the key 'max_body', which the bus gives it: rename it"),
    "endpoints that are a number": ("#define KEY_TYPE BUSWAY_FIELD_INTEGER", "BW7008", "cannot hold endpoints: only a service's key of type TEXTS can"),
    "endpoints of a route": ("#define FROM_KEY_FLAGS BUSWAY_FIELD_ENDPOINTS", "BW7008", "the field 'subject' of the from of 'wire' cannot hold endpoints"),
    "a route's value without its name": ("#define FROM_KEY_FLAGS BUSWAY_FIELD_SHORTHAND", "BW7008", "call it like the adapter"),
    "the name of a built-in adapter": ('#define ADAPTER_NAME "tcp"', "BW7009", "declares the adapter 'tcp', which is built in: rename it"),
    "a word of the language": ('#define ADAPTER_NAME "timeout"', "BW7009", "which is a key of the language where an adapter's stands"),
}


class BadPlugins(Case):
    def finds(self, bundle, identity, text, file="plugins/bad.so"):
        """check has exactly this finding, and run serves nothing."""
        out = self.exits(1, "check", bundle)
        lines = out.splitlines()
        self.assertEqual(len(lines), 1, out)
        self.assertTrue(lines[0].startswith(f"{file}: error {identity}: the plugin "), out)
        self.assertIn(text, lines[0])
        self.exits(0, "explain", identity)
        return out

    def test_each_is_found_with_why_and_what_to_do(self):
        for name, (frame, identity, text) in BAD.items():
            with self.subTest(name):
                bundle = self.bundle(name=name.replace(" ", "-"))
                self.plugin(bundle / "plugins/bad.so", frame)
                began = time.monotonic()
                self.finds(bundle, identity, text)
                self.assertLess(time.monotonic() - began, 30)

    def test_bad_adapters_are_found_likewise(self):
        for name, (frame, identity, text) in BAD_ADAPTERS.items():
            with self.subTest(name):
                bundle = self.bundle(name=name.replace(" ", "-"))
                self.plugin(bundle / "plugins/bad.so", frame, file="adapter_frame.h")
                self.finds(bundle, identity, text)
        bundle = self.bundle(name="good-adapter")
        self.plugin(bundle / "plugins/good.so", file="adapter_frame.h")
        self.exits(0, "check", bundle)

    def test_an_adapters_settings_and_examples_are_tried(self):
        target = self.folder / "wire.so"
        self.plugin(target, file="adapter_frame.h")
        self.assertIn("adapter wire         Does little.", self.exits(0, "plugin", "check", target))
        for frame, identity, text in (('#define EXAMPLE "services: { far: { http: { places: [ a ] } } }"', "BW7008",
                                       "the example does not use the adapter 'wire'"),
                                      ('#define EXAMPLE "services: { far: { wire: { plces: [ a ] } } }"', "BW1004", "did you mean 'places'?"),
                                      ("#define IN_MAKE if (made->part == BUSWAY_PART_SERVICE) abort()", "BW7006",
                                       "while its service 'wire' is made with these settings: signal 6 (SIGABRT)")):
            with self.subTest(identity, text=text):
                self.plugin(target, frame, file="adapter_frame.h")
                out = self.exits(1, "plugin", "check", target)
                self.assertIn(f"error {identity}: ", out)
                self.assertIn(text, out)

    def test_run_and_test_refuse_it_as_well(self):
        bundle = self.bundle()
        self.plugin(bundle / "plugins/bad.so", "#define IN_ENTRY *(volatile int*)0 = 1")
        for verb in ("run", "test"):
            done = self.busway(verb, bundle)
            self.assertEqual(done.returncode, 1)
            self.assertIn("BW7006", done.stdout + done.stderr)

    def test_no_plugins_loads_none(self):
        bundle = self.bundle()
        self.plugin(bundle / "plugins/bad.so", "#define IN_ENTRY abort()")
        self.exits(0, "check", bundle, "--no-plugins")

    def test_files_that_are_no_plugins(self):
        def text(path):
            path.write_text("a plugin, honestly\n")

        def cut(path):
            path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9))

        def machine(path):
            self.plugin(path)
            image = bytearray(path.read_bytes())
            image[18:20] = b"\x08\x00"  # MIPS
            path.write_bytes(image)

        def spoilt(path):
            self.plugin(path)
            path.write_bytes(path.read_bytes()[:700])

        def program(path):
            shutil.copy("/bin/true", path)

        def link(path):
            self.plugin(self.folder / "elsewhere.so")
            path.symlink_to(self.folder / "elsewhere.so")

        def writable(path):
            self.plugin(path)
            path.chmod(0o777)

        def needs(path):
            self.plugin(path, "extern int nobody_has_this(void);\n#define IN_ENTRY nobody_has_this()")

        for make, identity, what in ((text, "BW7001", "is no shared library"), (cut, "BW7001", "is cut off"),
                                     (machine, "BW7001", "is built for another machine"), (spoilt, "BW7001", "is cut off: it ends before"),
                                     (program, "BW700", ""), (link, "BW7001", "is a link that leads out of its directory"),
                                     (writable, "BW7002", "chmod o-w"), (os.mkdir, "BW7001", "is not a file"),
                                     (needs, "BW7003", "undefined symbol: nobody_has_this")):
            with self.subTest(make.__name__):
                bundle = self.bundle(name=make.__name__)
                make(bundle / "plugins/bad.so")
                if identity == "BW700":
                    self.assertIn("plugins/bad.so: error BW700", self.exits(1, "check", bundle))
                else:
                    self.finds(bundle, identity, what)

    def test_a_directory_that_everybody_can_write_to(self):
        bundle = self.bundle()
        self.plugin(bundle / "plugins/good.so")
        (bundle / "plugins").chmod(0o777)
        self.assertIn("plugins/: error BW7002: the plugin directory can be written to by every user", self.exits(1, "check", bundle))

    def test_what_lies_beside_a_misspelt_bundle_is_left_alone(self):
        bundle = self.bundle()
        self.plugin(bundle / "plugins/bad.so", "#define IN_ENTRY abort()")
        out = self.exits(1, "check", bundle / "ruotes.yaml")
        self.assertIn("BW0001", out)
        self.assertNotIn("BW7006", out)
        self.assertIn("BW7006", self.exits(1, "check", bundle / "routes.yaml"))

    def test_two_plugins_of_one_name(self):
        bundle = self.bundle("nothing: {}")
        self.plugin(bundle / "plugins/a.so")
        self.plugin(bundle / "plugins/b.so")
        self.finds(bundle, "BW7009", "declares the step 'nothing', which plugins/a.so declares, too: rename it", "plugins/b.so")

    def test_a_bad_one_of_the_installation_is_left_out_and_said(self):
        bundle = self.bundle()
        shared = self.folder / "shared"
        shared.mkdir()
        self.plugin(shared / "bad.so", "#define IN_ENTRY abort()")
        out = self.exits(0, "check", bundle, BUSWAY_PLUGINS=str(shared))
        self.assertIn("bad.so: warning BW7006", out)
        self.assertIn("(it is left out)", out)

    def test_settings_that_end_or_hang_the_plugin_are_found_at_their_step(self):
        for frame, identity, text in (("#define IN_MAKE if (call->settings[0].number == 3) abort()", "BW7006", "SIGABRT"),
                                      ("#define IN_MAKE if (call->settings[0].number == 3) for (;;) sleep(1)", "BW7007", "hangs")):
            with self.subTest(identity):
                bundle = self.bundle("nothing: { count: 3 }", name=identity)
                self.plugin(bundle / "plugins/bad.so", frame)
                out = self.exits(1, "check", bundle)
                self.assertRegex(out, rf"^routes.yaml:3:\d+: error {identity}: the plugin plugins/bad.so (crashes|hangs) while its step "
                                      "'nothing' is made with these settings")
                self.assertIn(text, out)
        bundle = self.bundle("nothing: { count: 4 }", name="good")
        self.plugin(bundle / "plugins/good.so", "#define IN_MAKE if (call->settings[0].number == 3) abort()")
        self.exits(0, "check", bundle)

    def test_plugin_check_says_the_same_of_a_file(self):
        target = self.folder / "bad.so"
        self.plugin(target, "#define FIELD_TYPE 77")
        out = self.exits(1, "plugin", "check", target)
        self.assertIn(f"{target}: error BW7008: the plugin cannot be used as it declares itself: the field 'count' of 'nothing': has type 77", out)
        self.plugin(target)
        self.assertIn("step nothing         Does nothing.", self.exits(0, "plugin", "check", target))


main()
