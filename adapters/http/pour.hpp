#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "adapters/http/buffer.hpp"
#include "adapters/http/pace.hpp"
#include "adapters/http/pipe.hpp"
#include "bus/body_source.hpp"
#include "bus/socket.hpp"

namespace busway::http {

// A body up to this size is gathered before it goes on, so that what fails can be answered and tried again. Of a larger one this
// much is the most that is held.
constexpr std::size_t streams_beyond = 32 * 1024;

// Where the bytes of a stream stand between their reading and their writing: one for the thread, as both happen before anything
// else does.
std::span<char> stream_scratch();

// A body on its way from a source to a connection.
struct Pour {
  enum class End : std::uint8_t {
    whole,   // all of it is written
    source,  // next() ended with `error`
    broken,  // the connection did: `error`
    slow     // its reader did not keep up: `error`
  };

  // In chunks, or as it is. `pace`: of the one who reads at `destination`; the time that `source` takes is not counted.
  Pour(Worker& on, BodySource& source, Socket& destination, bool in_chunks, Pace reader)
      : worker(on), from(source), to(destination), chunked(in_chunks), pace(reader) {}

  Worker& worker;
  BodySource& from;
  Socket& to;
  bool chunked;
  Pace pace;
  std::uint64_t sent = 0;
  End end = End::whole;
  Error error{};

  // Writes `head` and `first`, which stay where they are meanwhile, then what `from` brings. In chunks, `head` ends with the size
  // of `first` (append_chunk_size).
  Task<> run(std::string_view head, std::string_view first);

 private:
  Task<bool> put(std::string_view head, std::string_view data, bool shared);
  Task<bool> put(Pipe& pipe);
  // Until more can be written after `step`; false: `end` says why not.
  Task<bool> writable(IoStep step);

  std::array<char, 24> lead_{};
};

// The line in front of a chunk's data (RFC 9112, 7.1).
void append_chunk_size(std::size_t size, Buffer& out);

}  // namespace busway::http
