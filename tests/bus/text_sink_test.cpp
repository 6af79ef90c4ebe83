#include "bus/text_sink.hpp"

#include <doctest/doctest.h>

namespace busway {

namespace {

ByteBlock telling(ByteBlock block) {
  return (block < 0x20) | (block == '&');
}

}  // namespace

TEST_CASE("text sink: a text of any length is put when it is plain, and no byte of it goes unseen") {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
    std::string out = "before ";
    {
      TextSink sink(out);
      sink.reserve(size);
      REQUIRE(sink.put_plain(text, telling));
      sink.append(text);
    }
    CHECK(out == "before " + text + text);
    for (std::size_t at = 0; at < size; ++at) {
      for (char c : {'&', '\n', '\0', '\x80', '\xFF'}) {
        std::string other = text;
        other[at] = c;
        std::string refused = "x";
        {
          TextSink sink(refused);
          sink.reserve(size);
          REQUIRE(!sink.put_plain(other, telling));
        }
        REQUIRE(refused == "x");
      }
    }
  }
}

TEST_CASE("text sink: what is written can be taken back and put again, while the string grows") {
  std::string out;
  std::string expected;
  {
    TextSink sink(out);
    for (int round = 0; round < 300; ++round) {
      std::string tag = "<tag-" + std::string(static_cast<std::size_t>(round % 40), 'x') + ">";
      std::size_t at = sink.size();
      sink.append(tag);
      sink.reserve(tag.size() + sizeof(ByteBlock));
      sink.put_again(at, tag.size());
      sink.append("cut");
      sink.cut(sink.size() - 3);
      expected += tag + tag;
      REQUIRE(sink.written(at) == tag + tag);
    }
  }
  CHECK(out == expected);
  out.reserve(5000);
  {
    TextSink sink(out);
  }
  CHECK(out == expected);
}

}  // namespace busway
