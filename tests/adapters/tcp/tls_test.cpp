#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/adapters/tcp/made_listener.hpp"
#include "tests/adapters/tcp/made_target.hpp"
#include "tests/fakes/temporary_directory.hpp"

namespace busway::tcp {
namespace {

using namespace std::chrono_literals;

// Two authorities, each with a certificate for 127.0.0.1, made by the openssl command in a directory that goes with it.
class Certificates {
 public:
  Certificates() {
    for (std::string who : {"ours", "theirs"}) {
      std::string path = (directory_.path() / who).string();
      good_ = good_ &&
              run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca-" + who +
                  " -keyout " + path + ".ca.key -out " + path + ".ca.pem") &&
              run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + who +
                  " -addext subjectAltName=IP:127.0.0.1 -keyout " + path + ".key -out " + path + ".csr") &&
              run("openssl x509 -req -days 2 -in " + path + ".csr -copy_extensions copy -CA " + path + ".ca.pem -CAkey " + path +
                  ".ca.key -CAcreateserial -out " + path + ".pem");
    }
  }
  bool good() const { return good_; }
  FileRef file(const std::string& name) const { return {name, directory_.read(name), {}}; }
  Secret secret(const std::string& name) const { return Secret(directory_.read(name)); }

 private:
  bool run(const std::string& command) const { return std::system((command + " > /dev/null 2>&1").c_str()) == 0; }
  fakes::TemporaryDirectory directory_;
  bool good_ = true;
};

void echo(Exchange& exchange) {
  std::string& text = exchange.keep_string();
  text = (exchange.origin.secure ? "secure:" : "plain:") + std::string(exchange.message().bytes());
  exchange.message().replace(Node::string(text));
}

TEST_CASE("TLS, both ways") {
  Certificates files;
  if (!files.good()) {
    MESSAGE("skipped: the openssl command is not installed");
    return;
  }
  fakes::FakeRoute route(echo);
  Worker worker;
  auto ask = [&](Served& served, ClientTls tls, std::size_t size = 5, std::chrono::milliseconds within = 5s) {
    auto target = target_for(two_byte_frames(), {served.port()}, {.tls = std::move(tls)});
    if (target == nullptr) return std::string("not opened");
    std::string first = call(worker, *target, std::string(size, 'x'), within);
    std::string second = call(worker, *target, std::string(size, 'x'), within);
    return first == second ? first : first + " then " + second;
  };
  ServerTls server{.certificate = files.file("ours.pem"), .key = files.secret("ours.key")};
  Served served(two_byte_frames(), {{&route}}, {.tls = server, .transfer = 1s});
  SUBCASE("a certificate of the named authority") {
    CHECK(ask(served, {.ca = files.file("ours.ca.pem")}) == "secure:xxxxx");
    CHECK(ask(served, {.ca = files.file("ours.ca.pem")}, 60'000) == "secure:" + std::string(60'000, 'x'));
    CHECK(ask(served, {.verify = false}) == "secure:xxxxx");
  }
  SUBCASE("another authority, another name, no TLS at all: nothing was sent") {
    CHECK(ask(served, {.ca = files.file("theirs.ca.pem")}) == "!not_sent");
    CHECK(ask(served, {.ca = files.file("ours.ca.pem"), .server_name = "stock.example"}) == "!not_sent");
    Served plain(two_byte_frames(), {{&route}});
    CHECK(ask(plain, {.ca = files.file("ours.ca.pem")}, 5, 100ms).starts_with("!not_sent"));
    auto target = target_for(two_byte_frames(), {served.port()});
    CHECK(call(worker, *target, "plain to a TLS port").starts_with("!unknown"));
  }
  SUBCASE("callers must show a certificate") {
    server.client_ca = files.file("theirs.ca.pem");
    Served strict(two_byte_frames(), {{&route}}, {.tls = server});
    ClientTls known{.ca = files.file("ours.ca.pem"), .certificate = files.file("theirs.pem"), .key = files.secret("theirs.key")};
    CHECK(ask(strict, known) == "secure:xxxxx");
    // In TLS 1.3 the client is done before the server has looked at it: the refusal comes as the answer.
    CHECK(ask(strict, {.ca = files.file("ours.ca.pem")}).starts_with("!"));
    ClientTls wrong{.ca = files.file("ours.ca.pem"), .certificate = files.file("ours.pem"), .key = files.secret("ours.key")};
    CHECK(ask(strict, wrong).starts_with("!"));
  }
  SUBCASE("stalled and broken handshakes leave nothing behind") {
    std::size_t before = fakes::open_descriptors();
    for (int i = 0; i < 200; ++i) {
      int fd = fakes::connect_to(served.port());
      if (i % 2 == 0) fakes::send_all(fd, "GET / HTTP/1.1\r\n\r\n");
      ::close(fd);
    }
    int stalled = fakes::connect_to(served.port());
    CHECK(fakes::ended(stalled, 3000));
    ::close(stalled);
    for (int i = 0; i < 500 && fakes::open_descriptors() > before; ++i) std::this_thread::sleep_for(5ms);
    CHECK(fakes::open_descriptors() == before);
  }
  SUBCASE("a certificate that is none is refused at open") {
    ClientTls none{.ca = FileRef{"x", "no pem", {}}};
    CHECK(ask(served, none) == "not opened");
  }
}

}  // namespace
}  // namespace busway::tcp
