#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>

#include "adapters/http/client.hpp"
#include "tests/adapters/http/parts.hpp"
#include "tests/fakes/temporary_directory.hpp"

using namespace http_test;
using namespace busway::http;

namespace {

// Certificates made for the test by the openssl command: an authority, a server for localhost and a client, and a stranger.
struct Certificates {
  Certificates() {
    made = authority("ca") && authority("stranger") && issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1") &&
           issue("client", "subjectAltName=DNS:client");
  }
  std::string text(const std::string& name) const { return folder.read(name); }
  bool made = false;

 private:
  bool run(const std::string& command) const {
    return std::system(("cd " + folder.path().string() + " && " + command + " >/dev/null 2>&1").c_str()) == 0;
  }
  bool authority(const std::string& name) const {
    return run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + name +
               " -keyout " + name + ".key -out " + name + ".pem");
  }
  bool issue(const std::string& name, const std::string& extension) const {
    folder.write(name + ".ext", extension + "\n");
    return run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name + " -keyout " + name +
               ".key -out " + name + ".csr") &&
           run("openssl x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + name +
               ".ext -out " + name + ".pem");
  }
  fakes::TemporaryDirectory folder;
};

const Certificates& certificates() {
  static const Certificates made;
  return made;
}

ListenerConfig secure_listener(bool mutual) {
  ServerTls tls;
  tls.certificate.content = certificates().text("server.pem");
  tls.key = Secret(certificates().text("server.key"));
  if (mutual) tls.client_ca.content = certificates().text("ca.pem");
  ListenerConfig config{.listen = "127.0.0.1:0"};
  config.tls = tls;
  return config;
}

// What one POST of `body` by a client with `options` came to: status or kind, and the body or the reason.
std::pair<std::string, std::string> ask(Bed& bed, ClientOptions options, const std::string& host, const std::string& body,
                                        int times = 1) {
  Client client(std::move(options));
  REQUIRE(client.open(1, true));
  std::pair<std::string, std::string> out;
  bool done = false;
  auto run = [](Bed& of, Client& by, std::string name, const std::string& text, int count,
                std::pair<std::string, std::string>& result, bool& flag) -> Task<> {
    Endpoint endpoint{.text = "", .host_port = {name, of.at().port}, .secure = true, .path = "", .at = {}};
    for (int i = 0; i < count; ++i) {
      Exchange exchange(of.worker);
      Request request{.method = "POST", .target = "/echo", .headers = {}, .content_type = {}, .body = text};
      auto response = co_await by.send(exchange, request, endpoint, of.worker.now() + 5s);
      if (response) {
        result = {std::to_string(response->status), std::string(response->body)};
      } else {
        result = {std::string(name_of(response.error().kind)), response.error().text};
      }
    }
    CHECK(by.open_connections() <= 1);
    flag = true;
  };
  bed.worker.post([&] { bed.worker.spawn(run(bed, client, host, body, times, out, done)); });
  bed.worker.run_until([&] { return done; });
  client.close(bed.worker);
  return out;
}

// Answers every request with two records: the answer, and bytes that nobody asked for.
struct Chatty {
  explicit Chatty(Worker& on) : worker(on), acceptor(std::move(*Acceptor::bind({"127.0.0.1", 0}, 1))) {
    TlsServerOptions options;
    options.certificate_pem = certificates().text("server.pem");
    options.key_pem = Secret(certificates().text("server.key"));
    tls = std::move(*make_tls_server(options));
    worker.spawn(accept(*this));
  }
  ~Chatty() { acceptor->stop(worker); }

  static Task<> accept(Chatty& self) {
    while (true) {
      auto accepted = co_await self.acceptor->accept(self.worker);
      if (!accepted) co_return;
      ++self.connections;
      self.worker.spawn(serve(self.worker, self.tls, std::move(accepted->socket)));
    }
  }
  static Task<> serve(Worker& worker, std::shared_ptr<const TlsContext> tls, Socket socket) {
    TimePoint deadline = worker.now() + 5s;
    auto shaken = co_await socket.accept_tls(*tls, deadline);
    std::string room(4096, '\0');
    while (shaken) {
      auto got = co_await socket.read(room, deadline);
      if (!got || *got == 0) co_return;
      co_await socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", deadline);
      co_await socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray", deadline);
    }
  }
  Worker& worker;
  std::unique_ptr<Acceptor> acceptor;
  std::shared_ptr<const TlsContext> tls;
  std::size_t connections = 0;
};

}  // namespace

TEST_CASE("https both ways, and a certificate that is not right is refused") {
  if (!certificates().made) {
    std::cout << "skipped: the openssl command is not here\n";
    return;
  }
  Bed bed(secure_listener(false));
  bed.route("POST /echo", echo, 8 << 20);
  bed.start();
  ClientOptions trusting;
  trusting.tls.ca_pem = certificates().text("ca.pem");
  std::string large(2'000'000, 'z');
  CHECK(ask(bed, trusting, "127.0.0.1", "hello", 3) == std::pair<std::string, std::string>{"200", "hello"});
  CHECK(ask(bed, trusting, "localhost", large, 2) == std::pair<std::string, std::string>{"200", large});
  ClientOptions wrong_name = trusting;
  wrong_name.server_name = "erp.example";
  CHECK(ask(bed, wrong_name, "127.0.0.1", "x").first == "not_sent");
  ClientOptions wrong_authority;
  wrong_authority.tls.ca_pem = certificates().text("stranger.pem");
  auto refused = ask(bed, wrong_authority, "127.0.0.1", "x");
  CHECK(refused.first == "not_sent");
  CHECK(refused.second.find("certificate was refused") != std::string::npos);
  ClientOptions blind;
  blind.tls.verify = false;
  CHECK(ask(bed, blind, "127.0.0.1", "x").first == "200");
  // Plain HTTP to a TLS port ends, and does not hang.
  CHECK(bed.talk("GET / HTTP/1.1\r\nHost: a\r\n\r\n").find("HTTP") == std::string::npos);
}

TEST_CASE("over TLS, too, bytes nobody asked for end the connection and are never another caller's answer") {
  if (!certificates().made) {
    std::cout << "skipped: the openssl command is not here\n";
    return;
  }
  Worker worker;
  Chatty service(worker);
  ClientOptions options;
  options.tls.ca_pem = certificates().text("ca.pem");
  Client client(options);
  REQUIRE(client.open(1, true));
  bool done = false;
  worker.spawn([](Worker& on, Client& by, HostPort at, bool& flag) -> Task<> {
    Endpoint endpoint{.text = "", .host_port = at, .secure = true, .path = "", .at = {}};
    for (int i = 0; i < 20; ++i) {
      Exchange exchange(on);
      Request request{.method = "POST", .target = "/", .headers = {}, .content_type = {}, .body = "x"};
      auto response = co_await by.send(exchange, request, endpoint, on.now() + 5s);
      CHECK((response && response->body == "ok"));
    }
    flag = true;
  }(worker, client, {"127.0.0.1", service.acceptor->address().port()}, done));
  worker.run_until([&] { return done; });
  CHECK(service.connections == 20);
  client.close(worker);
}

TEST_CASE("a listener that asks for a client certificate serves nobody else") {
  if (!certificates().made) {
    std::cout << "skipped: the openssl command is not here\n";
    return;
  }
  Bed bed(secure_listener(true));
  bed.route("POST /echo");
  bed.start();
  ClientOptions options;
  options.tls.ca_pem = certificates().text("ca.pem");
  CHECK(ask(bed, options, "127.0.0.1", "x").first != "200");
  options.tls.certificate_pem = certificates().text("client.pem");
  options.tls.key_pem = Secret(certificates().text("client.key"));
  CHECK(ask(bed, options, "127.0.0.1", "x") == std::pair<std::string, std::string>{"200", "x"});
  options.tls.certificate_pem = certificates().text("stranger.pem");
  options.tls.key_pem = Secret(certificates().text("stranger.key"));
  CHECK(ask(bed, options, "127.0.0.1", "x").first != "200");
}
