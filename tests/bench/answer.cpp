#include "tests/bench/answer.hpp"

#include <algorithm>
#include <charconv>

#include "tests/bench/http_head.hpp"

namespace bench {

void Answer::await(const Exchange& exchange) {
  exchange_ = &exchange;
  part_ = Part::head;
  line_.clear();
  status_ = 0;
  closes_ = false;
  left_ = 0;
  compared_ = 0;
}

Answer::State Answer::take(std::string_view bytes) {
  if (exchange_->form == Exchange::Form::http) return take_http(bytes);
  if (!compare(bytes)) return wrong("another body than expected");
  return compared_ == exchange_->expected->size() ? State::right : State::more;
}

Answer::State Answer::take_http(std::string_view bytes) {
  while (true) {
    switch (part_) {
      case Part::head: {
        std::size_t before = line_.size();
        line_ += bytes;
        std::size_t end = line_.find(head_end, before > 3 ? before - 3 : 0);
        if (end == std::string::npos) return line_.size() > 65536 ? wrong("a head without end") : State::more;
        end += head_end.size();
        bytes.remove_prefix(end - before);
        line_.resize(end);
        if (!read_head()) return wrong("an answer without a length");
        break;
      }
      case Part::body:
      case Part::chunk: {
        std::string_view now = bytes.substr(0, left_);
        if (!compare(now)) return wrong("another body than expected");
        left_ -= now.size();
        bytes.remove_prefix(now.size());
        if (left_ > 0) return State::more;
        part_ = part_ == Part::body ? Part::done : Part::chunk_end;
        break;
      }
      case Part::chunk_end:
      case Part::chunk_size:
      case Part::trailer:
        if (!read_line(bytes)) return State::more;
        if (part_ == Part::chunk_end) {
          part_ = Part::chunk_size;
        } else if (part_ == Part::chunk_size) {
          if (std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16).ec != std::errc())
            return wrong("no chunk size");
          part_ = left_ == 0 ? Part::trailer : Part::chunk;
        } else if (line_.empty()) {
          part_ = Part::done;
        }
        line_.clear();
        break;
      case Part::done:
        if (!bytes.empty()) return wrong("bytes behind the answer");
        return verdict();
    }
  }
}

bool Answer::read_head() {
  std::string_view head = line_;
  status_ = head.size() > 12 ? std::atoi(line_.c_str() + 9) : 0;
  auto connection = field(head, "connection");
  closes_ = connection && *connection == "close";
  auto coding = field(head, "transfer-encoding");
  auto length = field(head, "content-length");
  bool framed = true;
  if (coding) {
    part_ = Part::chunk_size;
  } else if (length) {
    left_ = number(*length);
    part_ = Part::body;
  } else {
    part_ = Part::done;
    framed = status_ == 204;
  }
  line_.clear();
  return framed;
}

bool Answer::compare(std::string_view bytes) {
  if (status_ != 0 && status_ / 100 != 2) return true;
  const std::string& expected = *exchange_->expected;
  bool same = bytes.size() <= expected.size() - compared_ && std::string_view(expected).substr(compared_, bytes.size()) == bytes;
  compared_ += bytes.size();
  return same;
}

// Leaves the line without its CRLF in line_.
bool Answer::read_line(std::string_view& bytes) {
  std::size_t end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (end == std::string_view::npos) return false;
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

Answer::State Answer::verdict() {
  if (status_ == 503) return State::refused;
  if (status_ / 100 != 2) return wrong("status " + std::to_string(status_));
  return compared_ == exchange_->expected->size() ? State::right : wrong("a shorter body than expected");
}

Answer::State Answer::wrong(std::string why) {
  why_ = std::move(why);
  return State::wrong;
}

}  // namespace bench
