#include <doctest/doctest.h>

#include "tests/adapters/http/answer_verdicts.hpp"
#include "tests/adapters/http/request_verdicts.hpp"
#include "tests/adapters/http/streams.hpp"

using namespace http_test;

TEST_CASE("every verdict on requests has its rule") {
  for (const RequestVerdict& row : requests) {
    for (std::size_t cut = 0; cut <= row.stream.size(); ++cut) {
      Seen seen = read_requests(row.stream, cut);
      CHECK_MESSAGE(seen.refused == row.refused, row.stream << "\n" << row.reason);
      CHECK_MESSAGE(seen.messages.size() == row.messages, row.stream << "\n" << row.reason);
    }
  }
}

TEST_CASE("every verdict on answers has its rule") {
  for (const AnswerVerdict& row : answers) {
    for (std::size_t cut = 0; cut <= row.stream.size(); ++cut) {
      Seen seen = read_answers(row.stream, cut, true, row.head_request);
      CHECK_MESSAGE((seen.refused == 0 && seen.messages.size() == 1) == row.taken, row.stream << "\n" << row.reason);
      if (cut == row.stream.size()) CHECK_MESSAGE(seen.reusable == row.reusable, row.stream << "\n" << row.reason);
    }
  }
}

TEST_CASE("interim answers without end are garbage") {
  std::string flood;
  for (int i = 0; i < 9; ++i) flood += "HTTP/1.1 102 Processing\r\n\r\n";
  CHECK(read_answers(flood, flood.size(), false).refused != 0);
}

TEST_CASE("chunk extensions are bounded in a chunk and in a body") {
  std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string long_one = head + "1;" + std::string(257, 'x') + "\r\na\r\n0\r\n\r\n";
  CHECK(read_requests(long_one, long_one.size()).refused == 400);
  std::string many = head;
  for (int i = 0; i < 40; ++i) many += "1;" + std::string(200, 'x') + "\r\na\r\n";
  CHECK(read_requests(many + "0\r\n\r\n", many.size()).messages.size() == 1);
  for (int i = 0; i < 2; ++i) many += "1;" + std::string(200, 'x') + "\r\na\r\n";
  CHECK(read_requests(many + "0\r\n\r\n", many.size()).refused == 400);
}
