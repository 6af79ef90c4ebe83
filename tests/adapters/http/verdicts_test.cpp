#include <doctest/doctest.h>

#include "tests/adapters/http/streams.hpp"

using http_test::read_answers;
using http_test::read_requests;
using http_test::Seen;

namespace {

// What our reading says of a stream of requests, and which rule of RFC 9112 or 9110, or which limit of our own, says so.
struct RequestVerdict {
  std::string_view stream;
  int refused = 0;           // 0: taken
  std::size_t messages = 0;  // read before that
  std::string_view reason;
};

using namespace std::string_view_literals;

const RequestVerdict requests[] = {
    // ---- framing ----
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 6.1: both may be a smuggling attempt; a server MAY refuse, and does"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"sv, 400, 0, "9112, 6.3 (5)"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"sv, 400, 0,
     "9110, 8.6: MAY be refused, though equal"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na"sv, 400, 0, "9110, 8.6: MAY be refused, though equal"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"sv, 400, 0, "9110, 8.6: at least one digit"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na"sv, 400, 0, "9110, 8.6: digits alone"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na"sv, 400, 0, "9110, 8.6: digits alone"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na"sv, 400, 0, "9110, 8.6: digits alone"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n"sv, 400, 0,
     "9110, 8.6: a length that overflows must not be misread"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n"sv, 413, 0, "9110, 15.5.14"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 001\r\n\r\na"sv, 0, 1, "9110, 8.6: 1*DIGIT, zeros in front included"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"sv, 501, 0,
     "9112, 6.1: chunked MUST NOT be applied twice"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 6.1: chunked MUST NOT be applied twice"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"sv, 501, 0,
     "9112, 6.1: a coding that is not understood; 6.3 (4.2) would take 400 as well"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"sv, 501, 0, "9112, 7: identity is no coding any more"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"sv, 400, 0, "9112, 6.1: at least one coding"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
     "chunked\r\n\r\n0\r\n\r\n"sv,
     400, 0, "9110, 5.5: a control character"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"sv, 0, 1, "9112, 7: codings ignore case"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, 400, 0, "9112, 6.1: in HTTP/1.0 the framing is faulty"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 0, 2, "9112, 6.3 (7): no framing field, no body"},
    // ---- lines and characters ----
    {"GET / HTTP/1.1\nHost: a\n\n"sv, 400, 0, "9112, 2.2: a bare LF MAY be taken for a line's end, and is not"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n"sv, 400, 0, "9112, 2.2"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"sv, 400, 0, "9112, 2.2: a bare CR is invalid"},
    {"GET / HTTP/1.1\rHost: a\r\n\r\n"sv, 400, 0, "9112, 2.2: a bare CR is invalid"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv, 400, 0, "9110, 5.5: NUL is dangerous in a value"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"sv, 400, 0, "9110, 5.1: a name is a token"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n"sv, 400, 0, "9110, 5.5: a control character"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x80\xff\r\n\r\n"sv, 0, 1, "9110, 5.5: obs-text is opaque"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"sv, 400, 0, "9112, 5.2: obs-fold is refused or replaced; refused"},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n"sv, 400, 0, "9112, 2.2: white space between the request line and the first field"},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n"sv, 400, 0, "9112, 5.1: white space before the colon MUST be refused"},
    {"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"sv, 400, 0, "9110, 5.1: an empty name"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"sv, 400, 0, "9112, 5: a field line has a colon"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n"sv, 0, 1, "9110, 5.5: an empty value is one"},
    {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 0, 1, "9112, 2.2: an empty line before a request SHOULD be ignored"},
    {"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "ours: at most four of them"},
    // ---- the request line ----
    {"GET /\r\n\r\n"sv, 400, 0, "9112, 2.3: HTTP/0.9"},
    {"GET / HTTP/0.9\r\n\r\n"sv, 505, 0, "9110, 15.6.6"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, 505, 0, "9110, 15.6.6: HTTP/2 is not spoken"},
    {"GET / http/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 2.3: the name is case-sensitive"},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3: single spaces"},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3: nothing behind the version"},
    {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3: single spaces; other white space MAY be taken, and is not"},
    {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9110, 9.1: a method is a token"},
    {"GET a HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3.2: no form of a target"},
    {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3.2.1: a target has no fragment"},
    {"GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "RFC 3986, 3.3"},
    {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "RFC 3986, 2.1"},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3.2.4: the asterisk belongs to OPTIONS"},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"sv, 0, 1, "9112, 3.2.4"},
    {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"sv, 501, 0, "9110, 9.1"},
    // ---- Host ----
    {"GET / HTTP/1.1\r\n\r\n"sv, 400, 0, "9112, 3.2: no Host MUST be refused"},
    {"GET / HTTP/1.0\r\n\r\n"sv, 0, 1, "9112, 3.2 asks HTTP/1.1 alone"},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3.2: several MUST be refused, equal ones too"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n"sv, 400, 0, "9110, 4.2.1: an http URI has a host"},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"sv, 400, 0, "9112, 3.2: an invalid value MUST be refused"},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"sv, 400, 0, "9112, 3.2: an invalid value MUST be refused"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"sv, 400, 0, "9112, 3.2: an invalid value MUST be refused"},
    {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"sv, 400, 0, "9112, 3.2: an invalid value MUST be refused"},
    {"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 0, 1, "9112, 3.2.2: absolute form MUST be taken"},
    {"GET HTTP://A:80/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 0, 1, "9110, 4.2.3: case and the default port say nothing"},
    {"GET https://a:443/ HTTP/1.1\r\nHost: a:\r\n\r\n"sv, 0, 1, "9110, 4.2.3: case and the default port say nothing"},
    {"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"sv, 400, 0,
     "9112, 3.2: the same value MUST be sent; 3.2.2 would ignore Host, other readers do not"},
    {"GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9112, 3.2: the same value MUST be sent"},
    {"GET http://a/ HTTP/1.1\r\n\r\n"sv, 400, 0, "9112, 3.2: no Host MUST be refused"},
    {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9110, 4.2.1: an empty host is invalid"},
    {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9110, 4.2.4: user information is an error"},
    {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, 0, "9110, 4.2: another scheme"},
    // ---- names that alias ----
    {"POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 1\r\n\r\na"sv, 400, 0,
     "ours: read as Content-Length by CGI and its kin (RFC 3875, 4.1.18)"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n"sv, 400, 0, "ours: the same"},
    {"GET / HTTP/1.1\r\nHost: a\r\nx_forwarded-for: 1\r\n\r\n"sv, 400, 0, "ours: the same"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_Port: 1\r\n\r\n"sv, 400, 0, "ours: the same, for any X-Forwarded field"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX_Real_IP: 1\r\n\r\n"sv, 400, 0, "ours: the same"},
    {"GET / HTTP/1.1\r\nHost: a\r\nProxy_Connection: close\r\n\r\n"sv, 400, 0, "ours: the same"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX_Order_Id: 1\r\n\r\n"sv, 0, 1, "9110, 5.1: `_` is a token character"},
    // ---- chunks ----
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n"sv, 400, 0, "9112, 7.1: CRLF, and 2.2"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 7.1: CRLF behind the data"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 7.1: hexadecimal digits alone"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 7.1: hexadecimal digits alone"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n \r\na\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 7.1: at least one digit"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n"sv, 400, 0,
     "9112, 7.1: a size that overflows MUST NOT be misread"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\na\r\n"sv, 413, 0,
     "9110, 15.5.14, at the first byte that is too many"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\n000\r\n\r\n"sv, 0, 1,
     "9112, 7.1: zeros in front"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;n=\"v;\\\"\r\"\r\na\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 7.1.1 and 9110, 5.6.4"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;n=v;m=\"w\"\r\na\r\n0;z\r\n\r\n"sv, 0, 1,
     "9112, 7.1.1: extensions are passed over"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 ;n\r\na\r\n0\r\n\r\n"sv, 400, 0,
     "ours: 9112, 7.1.1 has bad white space there; readers differ, so it is refused"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;\na\r\n0\r\n\r\n"sv, 400, 0,
     "9112, 7.1.1 and 2.2: a bare LF ends no chunk line"},
    // ---- trailers: dropped (9110, 6.5.1), so what they may not hold (framing, routing) steers nothing ----
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\nHost: b\r\n\r\n"sv, 0, 1,
     "9110, 6.5.1: dropped"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX : 1\r\n\r\n"sv, 400, 0, "9112, 5.1 and 7.1.2"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n 2\r\n\r\n"sv, 400, 0, "9112, 5.2 and 7.1.2"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\n\r\n"sv, 400, 0, "9112, 2.2 and 7.1.2"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\0\r\n\r\n"sv, 400, 0, "9110, 5.5"},
    // ---- others ----
    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"sv, 417, 0, "9110, 10.1.1"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n"sv, 400, 0, "9110, 7.6.1: options are tokens"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 0, 1,
     "9112, 9.6: nothing is read behind close"},
};

struct AnswerVerdict {
  std::string_view stream;
  bool taken = false;
  bool reusable = false;
  std::string_view reason;
  bool head_request = false;
};

const AnswerVerdict answers[] = {
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
};

}  // namespace

TEST_CASE("every verdict on requests has its rule") {
  for (const RequestVerdict& row : requests) {
    for (std::size_t cut : {row.stream.size(), std::size_t{0}, row.stream.size() / 2}) {
      Seen seen = read_requests(row.stream, cut);
      CHECK_MESSAGE(seen.refused == row.refused, row.stream << "\n" << row.reason);
      CHECK_MESSAGE(seen.messages.size() == row.messages, row.stream << "\n" << row.reason);
    }
  }
}

TEST_CASE("every verdict on answers has its rule") {
  for (const AnswerVerdict& row : answers) {
    for (std::size_t cut : {row.stream.size(), std::size_t{0}, row.stream.size() / 2}) {
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
