// Whether what a manifest says of its process can be started: as far as its directory and this machine tell.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "plugins/process/manifest.hpp"

namespace busway::plugins {

namespace {

constexpr std::string_view id = "BW7103";

bool is_file(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode);
}

constexpr std::array<std::string_view, 7> script_endings = {".cjs", ".js", ".mjs", ".pl", ".py", ".rb", ".sh"};

bool is_script(std::string_view word) {
  return std::any_of(std::begin(script_endings), std::end(script_endings),
                     [&](std::string_view end) { return word.ends_with(end); });
}

class LookingAtCommand {
 public:
  LookingAtCommand(const Manifest& manifest, const Position& at, Findings& findings)
      : manifest_(manifest), at_(at), findings_(findings) {}

  void look() const {
    const std::string& program = manifest_.command.front();
    if (program.find('/') == std::string::npos) {
      look_in_path(program);
    } else if (program.starts_with('/')) {
      if (::access(program.c_str(), X_OK) != 0)
        warn("there is no program '" + program + "' here; where there is none, the plugin does not start");
    } else {
      look_at_own(program);
    }
    look_for_scripts();
  }

 private:
  void error(std::string text) const { findings_.error(std::string(id), at_, std::move(text)); }
  void warn(std::string text) const { findings_.warning(std::string(id), at_, std::move(text)); }
  std::string within(const std::string& word) const { return manifest_.directory + "/" + word; }

  // What PATH has is another machine's matter, but a line of a shell is no program's name.
  void look_in_path(const std::string& program) const {
    const char* own = std::getenv("PATH");
    std::string path = own == nullptr ? path_without_one : own;
    for (const auto& [name, value] : manifest_.environment) {
      if (name == "PATH") path = value;
    }
    if (!find_in_path(program, path).empty()) return;
    if (program.find(' ') != std::string::npos && manifest_.command.size() == 1) {
      std::string list = program;
      for (std::size_t blank = 0; (blank = list.find(' ', blank)) != std::string::npos; blank += 2) list.replace(blank, 1, ", ");
      return error("there is no program '" + program + "': no shell reads the command; write it as a list: [" + list + "]");
    }
    std::string text = "there is no program '" + program + "' in PATH";
    if (is_file(within(program))) return warn(text + "; for the one in the plugin's directory write ./" + program);
    warn(text + " here; where there is none, the plugin does not start");
  }

  // A program of the plugin's own lies in its directory.
  void look_at_own(const std::string& program) const {
    std::string path = within(program);
    if (!is_file(path)) return error("there is no program '" + program + "' in the plugin's directory");
    if (::access(path.c_str(), X_OK) != 0) return error("'" + program + "' cannot be run: chmod +x it");
    std::ifstream in(path, std::ios::binary);
    std::string first;
    first.resize(200);
    in.read(first.data(), static_cast<std::streamsize>(first.size()));
    first.resize(static_cast<std::size_t>(in.gcount()));
    if (!in.is_open() || first.starts_with("\x7f"
                                           "ELF"))
      return;
    if (!first.starts_with("#!"))
      return error(
          "'" + program +
          "' cannot be run: it is neither a compiled program nor does its first line name one, as #!/usr/bin/env python3 does");
    std::string line = first.substr(0, first.find('\n'));
    if (line.ends_with('\r'))
      error("'" + program +
            "' cannot be run: its first line ends as lines of Windows do (CR LF), which becomes part of the name after #!");
  }

  // Each is looked for where the process runs, in the plugin's directory. What follows an interpreter at once is its program;
  // what follows another word may be meant for another place, or be made later.
  void look_for_scripts() const {
    const std::vector<std::string>& words = manifest_.command;
    bool certain = is_interpreter(words.front());
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::string& word = words[i];
      bool option = word.starts_with('-');
      if (is_script(word) && !option && !word.starts_with('/') && word.find_first_of(" ;") == std::string::npos &&
          !is_file(within(word))) {
        std::string text = "there is no file '" + word + "' in the plugin's directory, in which the command is run";
        certain ? error(std::move(text)) : warn(std::move(text));
      }
      if (!option || word == "-c" || word == "-m" || word == "-e") certain = false;
    }
  }

  static bool is_interpreter(std::string_view word) {
    std::string_view name = word.substr(word.rfind('/') + 1);
    return std::any_of(std::begin(interpreters), std::end(interpreters), [&](std::string_view known) {
      return name.starts_with(known) && name.substr(known.size()).find_first_not_of("0123456789.") == std::string_view::npos;
    });
  }

  static constexpr std::array<std::string_view, 8> interpreters = {"bash", "dash",   "node", "perl",
                                                                   "pypy", "python", "ruby", "sh"};

  const Manifest& manifest_;
  const Position& at_;
  Findings& findings_;
};

}  // namespace

void look_at_command(const Manifest& manifest, const Position& at, Findings& findings) {
  LookingAtCommand(manifest, at, findings).look();
}

}  // namespace busway::plugins
