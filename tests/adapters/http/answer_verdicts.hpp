#pragma once

#include <cstddef>
#include <string_view>

namespace http_test {

using namespace std::string_view_literals;

// What a client takes of an answer and, where it is taken, whether another may follow on the connection, which ends behind the
// stream.
struct AnswerVerdict {
  std::string_view stream;
  bool taken = false;
  bool reusable = false;
  std::string_view reason;
  bool head_request = false;
};

inline const AnswerVerdict answers[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"sv, true, true, "9112, 6.3 (6)"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"sv, true, false, "9112, 6.3: what is left over is no answer to anything"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"sv, false, false, "9112, 6.3 (5)"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"sv, false, false,
     "9110, 8.6: MAY be refused, though equal"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, false, false, "9112, 6.3 (3)"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"sv, false, false, "9112, 6.1: not asked for"},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, false, false,
     "9112, 6.1: in HTTP/1.0 the framing is faulty"},
    {"HTTP/1.0 200 OK\r\n\r\nabc"sv, true, false, "9112, 6.3 (8): until the connection ends"},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"sv, true, false, "9112, 9.3: HTTP/1.0 closes"},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na"sv, true, true, "9112, 9.3"},
    {"HTTP/1.1 204 No Content\r\n\r\n"sv, true, true, "9112, 6.3 (1): no body"},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"sv, true, true,
     "9110, 8.6 forbids it; it can be read in one way only"},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"sv, true, false,
     "9112, 6.3 (1): no body; whether five bytes follow is unknown"},
    {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"sv, true, false, "9112, 6.1 forbids it: the same"},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"sv, true, true, "9110, 8.6: the length a 200 would have"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"sv, true, true, "9110, 9.3.2: of HEAD", true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"sv, true, true,
     "9110, 15.2: interim answers are passed over"},
    {"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"sv, true, true, "9110, 15.2, RFC 8297"},
    {"HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false,
     "9110, 8.6"},
    {"HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false,
     "9112, 6.1"},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"sv, false, false, "9110, 15.2.2: nobody asked"},
    {"HTTP/1.1 200 OK\nContent-Length: 1\n\na"sv, false, false, "9112, 2.2"},
    {"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na"sv, false, false, "9112, 5.1: the space MUST be removed or refused"},
    {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\na"sv, false, false,
     "9112, 5.2: discarded with 502, or replaced; discarded"},
    {"HTTP/1.1 200 OK\r\nContent_Length: 1\r\nContent-Length: 1\r\n\r\na"sv, false, false, "ours: two readings behind CGI"},
    {"HTTP/1.1 600 What\r\nContent-Length: 1\r\n\r\na"sv, false, false, "9110, 15: SHOULD be taken for a 5xx; 502 is one"},
    {"HTTP/1.1 20 OK\r\nContent-Length: 1\r\n\r\na"sv, false, false, "9112, 4: three digits"},
    {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na"sv, true, true, "9112, 4 wants the space; nothing else can be meant"},
    {"HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\na"sv, false, false, "9112, 2.3"},
    {"SSH-2.0-x\r\n\r\n"sv, false, false, "9112, 4"},
    // ---- variants ----
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"sv, false, false, "9112, 8: incomplete"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"sv, false, false, "9112, 8: incomplete"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"sv, false, false, "9112, 8: incomplete"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n"sv, true, true, "9112, 7.1.2"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n"sv, false, false, "9112, 7.1"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n"sv, false, false, "ours: bad white space"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"sv, false, false, "9112, 6.1"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nabc"sv, false, false, "9112, 7: no coding any more"},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"sv, false, false, "9110, 8.6: digits alone"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na"sv, false, false, "9110, 8.6: MAY be refused, though equal"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"sv, false, false, "ours: larger than max_answer"},
    {"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9110, 5.5"},
    {"HTTP/1.1 200 OK\r\nX\xff: a\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9110, 5.1"},
    {"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 5\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9112, 2.2: a bare CR"},
    {"HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9110, 5.1"},
    {"HTTP/1.1 200 OK\r\nTransfer_Encoding: chunked\r\n\r\n0\r\n\r\n"sv, false, false, "ours: two readings behind CGI"},
    {"HTTP/1.1 200 a\x01"
     "b\r\nContent-Length: 0\r\n\r\n"sv,
     false, false, "9112, 4: a control character in the reason"},
    {"HTTP/1.1 0200 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9112, 4: three digits"},
    {"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9112, 4: three digits"},
    {"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9110, 15: from 100"},
    {"HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9112, 4: three digits"},
    {"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "ours: 9110, 2.5 would read it as 1.1"},
    {"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9112, 2.3: the name is case-sensitive"},
    {"HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9112, 4: one space"},
    {" HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9112, 4"},
    {"ICY 200 OK\r\n\r\n"sv, false, false, "9112, 2.3: another protocol"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, false, false, "9112, 4: a request is no answer"},
    {"<html>\r\n\r\n"sv, false, false, "9112, 2.3: HTTP/0.9"},
    {"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"sv, true, true, "9112, 6.1: what a 200 would have"},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello"sv, true, false, "9112, 6.3 (1): what follows is no answer"},
    {"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"sv, true, true, "9110, 15.3.6"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"sv, true, true, "9112, 6.3 (1): of HEAD", true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"sv, true, false, "9112, 6.3 (1): of HEAD, with a body all the same",
     true},
    {"HTTP/1.1 200 OK\r\n\r\nhello"sv, true, false, "9112, 6.3 (1): of HEAD; what follows is no answer", true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, true, true,
     "9110, 15.2: any number up to eight"},
    {"HTTP/1.1 199 X\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, true, true,
     "9110, 15.2: an unknown one too; a length of 0 is no body"},
    {"HTTP/1.1 100 Continue\r\n\r\n"sv, false, false, "9110, 15.2: no final answer"},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"sv, true, false, "9112, 9.6"},
    {"HTTP/1.1 200 OK\r\nConnection: a b\r\nContent-Length: 0\r\n\r\n"sv, false, false, "9110, 7.6.1: options are tokens"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, true, false,
     "9112, 9.2: an answer that nobody asked for"},
};

}  // namespace http_test
