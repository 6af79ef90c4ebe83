#include "adapters/http/content_coding.hpp"

#include <zlib.h>

#include <algorithm>

#include "adapters/http/buffer.hpp"
#include "bus/headers.hpp"
#include "bus/labelled_format.hpp"
#include "bus/pause.hpp"

namespace busway::http {

namespace {

class Inflater {
 public:
  Inflater() { good_ = inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK; }  // + 16: gzip alone
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (good_) inflateEnd(&stream_);
  }
  bool good() const { return good_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool good_ = false;
};

std::unexpected<Error> broken(std::string_view why) {
  return fail(ErrorKind::format, "inflating: " + std::string(why));
}

Result<std::string_view> inflate_gzip(std::string_view bytes, std::uint64_t limit, Arena& arena) {
  Inflater inflater;
  if (!inflater.good() || bytes.size() > UINT32_MAX) return fail(ErrorKind::internal, "inflating: no memory");
  const std::uint64_t most = std::min<std::uint64_t>(limit, bytes.size() * most_inflated);
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  Buffer out;
  while (true) {
    if (out.room().empty()) out.reserve(std::max(Buffer::usual, out.capacity() * 2));
    pause_if_due(64);
    std::size_t room = std::min<std::size_t>(out.room().size(), 32UL * 1024);  // some 100 us
    stream.next_out = reinterpret_cast<Bytef*>(out.room().data());
    stream.avail_out = static_cast<uInt>(room);
    int result = inflate(&stream, Z_NO_FLUSH);
    out.grew(room - stream.avail_out);
    if (out.size() > most) return fail(ErrorKind::format, "inflating: too much comes out of it", "too_large");
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      if (inflateReset(&stream) != Z_OK) return broken("the next member does not start");  // RFC 1952, 2.2: members follow
    } else if (result != Z_OK) {
      return broken(result == Z_BUF_ERROR ? "the body ends within its gzip stream" : "the body is no gzip stream");
    }
  }
  return arena.copy(out.view());
}

class CodedFormat final : public LabelledFormat {
 public:
  CodedFormat(std::string_view coding, const Format& inner, std::uint64_t limit)
      : coding_(coding), inner_(inner), limit_(limit) {}
  std::string_view name() const override { return inner_.name(); }
  std::string_view content_type() const override { return inner_.content_type(); }
  Result<Node> read_labelled(std::string_view bytes, std::string_view content_type, Arena& arena) const override {
    auto decoded = decode_content(coding_, bytes, limit_, arena);
    if (!decoded) return std::unexpected(decoded.error());
    if (decoded->empty()) return Node();
    return busway::read_labelled(inner_, *decoded, content_type, arena);
  }
  Result<void> write(const Node& document, std::string& out) const override { return inner_.write(document, out); }

 private:
  std::string coding_;
  const Format& inner_;
  std::uint64_t limit_;
};

}  // namespace

std::string_view content_coding(const Headers& headers, Arena& arena) {
  std::string_view all;
  for (const Header& header : headers.all()) {
    if (header.value.empty() || !equal_ignoring_case(header.name, "content-encoding")) continue;
    all = all.empty() ? header.value : arena.copy(std::string(all) + ", " + std::string(header.value));
  }
  return all;
}

Result<std::string_view> decode_content(std::string_view coding, std::string_view bytes, std::uint64_t limit, Arena& arena) {
  if (coding.empty() || equal_ignoring_case(coding, "identity")) return bytes;
  if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) return inflate_gzip(bytes, limit, arena);
  return fail(ErrorKind::format, "decoding the body: a content coding other than gzip", "coding");
}

const Format* decoded_format(Exchange& exchange, const Headers& headers, const Format* inner, std::uint64_t limit) {
  if (inner == nullptr) return nullptr;
  std::string_view coding = content_coding(headers, exchange.arena());
  if (coding.empty()) return inner;
  exchange.expect_large();
  auto coded = std::make_shared<const CodedFormat>(coding, *inner, limit);
  exchange.keep(coded);
  return coded.get();
}

}  // namespace busway::http
