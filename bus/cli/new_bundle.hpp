#pragma once

#include <string>
#include <utility>
#include <vector>

namespace busway::cli {

// The files of the bundle that `busway new bundle` writes, by name: a JSON route in front of a stock service, a stand-in of that
// service, tests and a README. It passes `busway check` and `busway test` as it is.
std::vector<std::pair<std::string, std::string>> new_bundle_files(const std::string& name);

}  // namespace busway::cli
