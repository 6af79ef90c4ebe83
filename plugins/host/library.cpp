#include "plugins/host/library.hpp"

#include <Poco/Exception.h>
#include <Poco/SharedLibrary.h>
#include <dlfcn.h>

#include <filesystem>
#include <map>

#include "plugins/host/host_table.hpp"

namespace busway::plugins {

namespace {

constexpr const char* entry_symbol = "busway_plugin_entry";
using Entry = const busway_plugin* (*)(const busway_host*);

std::unexpected<Error> refuse(std::string text, std::string code) {
  return fail(ErrorKind::config, std::move(text), std::move(code));
}

// "/path/x.so: undefined symbol: f" -> "undefined symbol: f"
std::string without_path(std::string text, const std::string& path) {
  if (text.starts_with(path + ": ")) text.erase(0, path.size() + 2);
  return text;
}

}  // namespace

Result<const busway_plugin*> load_library(const LibraryFile& file) {
  // Never destroyed, as what they point to is never unloaded.
  static auto& loaded = *new std::map<std::string, const busway_plugin*>();
  std::error_code error;
  std::string path = std::filesystem::canonical(file.path, error).string();
  if (error) return refuse("cannot be opened: " + error.message(), "BW7001");
  if (auto known = loaded.find(path); known != loaded.end()) return known->second;
  if (auto same = look_at_pin(path, file.pin); !same) return std::unexpected(same.error());
  // Poco binds at first use, when a function that is nowhere ends the process; asked for at once it is an error here.
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    const char* why = ::dlerror();
    return refuse("cannot be loaded: " + without_path(why == nullptr ? "no reason given" : why, path), "BW7003");
  }
  Entry entry = nullptr;
  try {
    Poco::SharedLibrary library(path, Poco::SharedLibrary::SHLIB_LOCAL);  // its end unloads nothing
    if (library.hasSymbol(entry_symbol)) entry = reinterpret_cast<Entry>(library.getSymbol(entry_symbol));
  } catch (const Poco::Exception& thrown) {
    return refuse("cannot be loaded: " + without_path(thrown.message(), path), "BW7003");
  }
  if (entry == nullptr) {
    return refuse("exports no busway_plugin_entry: define it as busway_plugin.h declares it (extern \"C\", BUSWAY_EXPORT)",
                  "BW7004");
  }
  const busway_plugin* plugin = entry(host_for(file.shown));
  loaded.emplace(path, plugin);
  return plugin;
}

}  // namespace busway::plugins
