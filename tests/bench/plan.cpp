#include "tests/bench/plan.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace bench {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(2);
}

using Bytes = std::shared_ptr<const std::string>;

// Thousands of exchanges share a handful of bodies.
class Files {
 public:
  Bytes at(const std::string& path) {
    Bytes& bytes = read_[path];
    if (!bytes) bytes = std::make_shared<const std::string>(path == "-" ? std::string() : read_file(path));
    return bytes;
  }

 private:
  std::map<std::string, Bytes> read_;
};

std::string http_request(const std::string& method, const std::string& target, const std::string& headers,
                         const std::string& body) {
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: bench.example\r\n";
  std::istringstream lines(headers);
  for (std::string line; std::getline(lines, line, '|');) request += line + "\r\n";
  if (method != "GET") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return request + "\r\n" + body;
}

std::string framed(const std::string& body) {
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(static_cast<std::uint8_t>(body.size() >> shift));
  return frame + body;
}

Exchange read_exchange(const std::array<std::string, 5>& fields, Files& files) {
  const auto& [method, target, headers, request, expected] = fields;
  auto bytes_of = [](std::string bytes) { return std::make_shared<const std::string>(std::move(bytes)); };
  if (method == "raw") return {.form = Exchange::Form::raw, .request = files.at(request), .expected = files.at(expected)};
  if (method == "frame") {
    return {.form = Exchange::Form::frame,
            .request = bytes_of(framed(*files.at(request))),
            .expected = bytes_of(framed(*files.at(expected)))};
  }
  return {.form = Exchange::Form::http,
          .request = bytes_of(http_request(method, target, headers, *files.at(request))),
          .expected = files.at(expected)};
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse("reading " + path + ": it cannot be opened");
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

std::vector<Exchange> read_plan(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::vector<Exchange> plan;
  Files files;
  for (std::string line; std::getline(lines, line);) {
    std::array<std::string, 5> fields;
    std::istringstream words(line);
    for (std::string& field : fields) std::getline(words, field, '\t');
    if (fields.back().empty()) refuse(path + ": five fields between tabs are needed: " + line);
    plan.push_back(read_exchange(fields, files));
  }
  if (plan.empty()) refuse(path + ": it has no exchange");
  return plan;
}

}  // namespace bench
