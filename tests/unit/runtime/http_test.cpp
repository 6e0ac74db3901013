// HTTP against a server of the test's own on the loopback.
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <catch2/catch.hpp>

#include "runtime/real/effector.hpp"

using namespace plan;
using namespace std::chrono_literals;
namespace beast = boost::beast;
using Tcp = boost::asio::ip::tcp;

namespace {

// Answers one request after the other until the path is /end.
class Server {
 public:
  Server() : acceptor_(context_, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    boost::system::error_code ignored;
    Tcp::socket socket(context_);
    socket.connect(acceptor_.local_endpoint(), ignored);
    beast::http::request<beast::http::empty_body> request{beast::http::verb::get, "/end", 11};
    beast::http::write(socket, request, ignored);
    thread_.join();
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  void serve() {
    for (bool goes_on = true; goes_on;) {
      boost::system::error_code why;
      Tcp::socket socket(context_);
      acceptor_.accept(socket, why);
      beast::flat_buffer buffer;
      beast::http::request<beast::http::string_body> request;
      beast::http::read(socket, buffer, request, why);
      const std::string path(request.target());
      goes_on = path != "/end";
      if (why || path == "/close") {
        continue;
      }
      if (path == "/hang") {
        std::this_thread::sleep_for(1s);
        continue;
      }
      beast::http::response<beast::http::string_body> response{beast::http::status::ok, 11};
      response.result(path == "/missing" ? 404 : 200);
      response.set("X-Seen", std::string(request["Authorization"]));
      response.body() = std::string(request.method_string()) + " " + path + " " + request.body();
      if (path == "/large") {
        response.body() = std::string(65 << 20, 'x');
      }
      response.prepare_payload();
      beast::http::write(socket, response, why);
    }
  }

  boost::asio::io_context context_;
  Tcp::acceptor acceptor_;
  unsigned short port_ = 0;
  std::thread thread_;
};

HttpCall call(std::string method, std::string url) {
  HttpCall result;
  result.via.name = "here";
  result.via.is_local = true;
  result.method = std::move(method);
  result.url = std::move(url);
  return result;
}

ActionResult result_of(HttpCall http, std::chrono::milliseconds timeout = 10s) {
  const auto effector = make_effector({});
  REQUIRE(effector);
  Action action;
  action.body = std::move(http);
  action.timeout = timeout;
  (*effector)->start(1, std::move(action));
  const auto until = std::chrono::steady_clock::now().time_since_epoch() + 30s;
  std::optional<Completion> completion =
      (*effector)->wait(std::chrono::duration_cast<MonotonicTime>(until));
  REQUIRE(completion);
  return std::move(completion->result);
}

Failure failure_of(HttpCall http, std::chrono::milliseconds timeout = 10s) {
  ActionResult result = result_of(std::move(http), timeout);
  REQUIRE(std::holds_alternative<Failure>(result));
  return std::get<Failure>(result);
}

}  // namespace

TEST_CASE("a request carries its headers and body, the answer its status, headers and body") {
  const Server server;
  HttpCall http = call("POST", server.url("/api"));
  http.headers = {{"Authorization", Text(Secret("Bearer abc"))}};
  http.body = Text(std::string("{\"a\": 1}"));
  const ActionResult result = result_of(std::move(http));
  REQUIRE(std::holds_alternative<HttpResult>(result));
  const auto& answer = std::get<HttpResult>(result);
  CHECK(answer.status == 200);
  CHECK(answer.body == "POST /api {\"a\": 1}");
  bool is_seen = false;
  for (const auto& [name, value] : answer.headers) {
    is_seen = is_seen || (name == "x-seen" && value == "Bearer abc");
  }
  CHECK(is_seen);
}

TEST_CASE("any status is an answer") {
  const Server server;
  const ActionResult result = result_of(call("DELETE", server.url("/missing")));
  REQUIRE(std::holds_alternative<HttpResult>(result));
  CHECK(std::get<HttpResult>(result).status == 404);
}

TEST_CASE("a port where nobody listens is a refusal") {
  const Failure why = failure_of(call("POST", "http://127.0.0.1:1/"));
  CHECK(why.kind == FailureKind::refused);
  CHECK(why.code == Code::server_unreachable);
  CHECK(why.is_retryable);
}

TEST_CASE("a server that closes without an answer leaves the outcome unknown") {
  const Server server;
  const Failure why = failure_of(call("POST", server.url("/close")));
  CHECK(why.kind == FailureKind::unknown);
  CHECK(why.code == Code::server_silent);
}

TEST_CASE("an answer that does not come in time leaves the outcome unknown") {
  const Server server;
  const Failure why = failure_of(call("POST", server.url("/hang")), 200ms);
  CHECK(why.kind == FailureKind::unknown);
  CHECK(why.code == Code::action_timed_out);
}

TEST_CASE("an answer has a limit") {
  const Server server;
  CHECK(failure_of(call("GET", server.url("/large")), 25s).code == Code::answer_too_large);
}

TEST_CASE("plain HTTP where TLS is asked for is not trusted") {
  const Server server;
  std::string url = server.url("/");
  url.insert(4, "s");
  const Failure why = failure_of(call("GET", url), 25s);
  CHECK(why.kind == FailureKind::refused);
  CHECK(why.code == Code::server_not_trusted);
}

TEST_CASE("a header cannot smuggle another one, and only HTTP is spoken") {
  HttpCall http = call("GET", "http://127.0.0.1:1/");
  http.headers = {{"A", Text(std::string("b\r\nC: d"))}};
  CHECK(failure_of(std::move(http)).code == Code::request_impossible);
  CHECK(failure_of(call("GET", "file:///etc/passwd")).code == Code::request_impossible);
  CHECK(failure_of(call("GET", "nonsense")).code == Code::request_impossible);
}
