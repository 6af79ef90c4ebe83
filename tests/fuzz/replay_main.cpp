#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

// Every file of the corpus in the order of their names.
std::vector<Bytes> read_corpus(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

// The words of a libFuzzer dictionary: a line each, in quotes, with \\xHH for bytes.
std::vector<Bytes> read_words(const char* path) {
  std::vector<Bytes> words;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.size() < 2 || line.front() != '"' || line.back() != '"') continue;
    Bytes word;
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      if (line[i] == '\\' && line[i + 1] == 'x') {
        word.push_back(static_cast<std::uint8_t>(std::stoul(line.substr(i + 2, 2), nullptr, 16)));
        i += 3;
      } else {
        if (line[i] == '\\') ++i;
        word.push_back(static_cast<std::uint8_t>(line[i]));
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

// One to four small changes: a byte overwritten, bits flipped, a piece removed, doubled, taken from another input or replaced by
// a word of the format.
void mutate(Bytes& input, const std::vector<Bytes>& corpus, const std::vector<Bytes>& words, std::mt19937_64& random) {
  auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  static constexpr char telling[] = "{}[]\"':,<>&/\\-+.eE0123456789 \t\r\n\0\x7f\x80\xc3\xed\xff";
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    std::size_t at = input.empty() ? 0 : below(input.size());
    auto from = input.begin() + static_cast<std::ptrdiff_t>(at);
    std::size_t length = input.empty() ? 0 : 1 + below(std::min<std::size_t>(input.size() - at, 32));
    auto to = from + static_cast<std::ptrdiff_t>(length);
    switch (below(words.empty() ? 6 : 8)) {
      case 0:
        if (!input.empty()) input[at] = static_cast<std::uint8_t>(telling[below(sizeof telling - 1)]);
        break;
      case 1:
        if (!input.empty()) input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(8)));
        break;
      case 2: input.erase(from, to); break;
      case 3: {
        Bytes piece(from, to);
        input.insert(from, piece.begin(), piece.end());
        break;
      }
      case 4: input.insert(from, static_cast<std::uint8_t>(telling[below(sizeof telling - 1)])); break;
      case 5: {
        const Bytes& other = corpus[below(corpus.size())];
        if (other.empty()) break;
        std::size_t start = below(other.size());
        std::size_t count = 1 + below(std::min<std::size_t>(other.size() - start, 64));
        auto begin = other.begin() + static_cast<std::ptrdiff_t>(start);
        input.insert(from, begin, begin + static_cast<std::ptrdiff_t>(count));
        break;
      }
      default: {
        if (below(2) == 0 && !input.empty()) from = input.erase(from, to);
        const Bytes& word = words[below(words.size())];
        input.insert(from, word.begin(), word.end());
      }
    }
  }
}

}  // namespace

// Plays a fuzz target without a fuzzer: each file of the corpus, then inputs made from them by a fixed seed, for a second, or
// a minute in a long run (BUSWAY_LONG). The sequence is the same in every run, only its length differs. The input at work lies in
// a file beside the program (PROGRAM.input), so what it crashed on is at hand.
int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY [DICTIONARY]\n", arguments[0]);
    return 2;
  }
  std::vector<Bytes> corpus = read_corpus(arguments[1]);
  std::vector<Bytes> words = count > 2 ? read_words(arguments[2]) : std::vector<Bytes>();
  std::string at_work = std::string(arguments[0]) + ".input";
  int file = open(at_work.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  auto play = [&](const Bytes& input) {
    if (pwrite(file, input.data(), input.size(), 0) < 0 || ftruncate(file, static_cast<off_t>(input.size())) != 0)
      std::perror(at_work.c_str());
    // An exact heap block, so that a sanitizer sees one byte too far.
    Bytes exact(input);
    exact.shrink_to_fit();
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  };
  for (const Bytes& input : corpus) play(input);
  std::size_t from_files = corpus.size();
  if (corpus.empty()) corpus.push_back({'0'});
  std::mt19937_64 random(20260131);
  std::size_t made = 0;
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(std::getenv("BUSWAY_LONG") != nullptr ? 60 : 1);
  while (std::chrono::steady_clock::now() < until) {
    Bytes input = corpus[static_cast<std::size_t>(random() % corpus.size())];
    mutate(input, corpus, words, random);
    play(input);
    ++made;
  }
  close(file);
  std::remove(at_work.c_str());
  std::printf("%zu files, %zu words, %zu made inputs\n", from_files, words.size(), made);
}
