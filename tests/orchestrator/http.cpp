#include "tests/orchestrator/http.hpp"

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

namespace orchestrator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Socket = asio::ip::tcp::socket;

constexpr std::uint64_t max_body_bytes = 16ULL * 1024 * 1024;

std::optional<std::string> header(const http::request<http::string_body>& message,
                                  const char* name) {
  const auto found = message.find(name);
  if (found == message.end()) {
    return std::nullopt;
  }
  return std::string(found->value());
}

Request request_of(const http::request<http::string_body>& message) {
  const std::string target(message.target());
  const auto question = target.find('?');
  return {.method = std::string(message.method_string()),
          .path = target.substr(0, question),
          .query = question == std::string::npos ? "" : target.substr(question + 1),
          .body = message.body(),
          .tid = header(message, "X-Inmanta-Tid"),
          .authorization = header(message, "Authorization")};
}

http::response<http::string_body> message_of(const Response& response,
                                             const http::request<http::string_body>& request) {
  http::response<http::string_body> message(
      http::int_to_status(static_cast<unsigned>(response.status)), request.version());
  message.set(http::field::server, "TornadoServer/6.2");
  if (response.status != 204) {
    message.set(http::field::content_type, response.content_type);
  }
  for (const auto& [name, value] : response.headers) {
    message.set(name, value);
  }
  message.keep_alive(request.keep_alive());
  if (request.method() != http::verb::head) {
    message.body() = response.body;
  }
  if (response.status != 204) {
    message.prepare_payload();
    message.content_length(message.body().size());
  }
  return message;
}

template <typename Stream>
void serve(Stream& stream, const HttpServer::Handler& handler) {
  beast::flat_buffer buffer;
  beast::error_code error;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(max_body_bytes);
    http::read(stream, buffer, parser, error);
    if (error) {
      return;
    }
    const auto& request = parser.get();
    http::response<http::string_body> message = message_of(handler(request_of(request)), request);
    http::write(stream, message, error);
    if (error || !message.keep_alive()) {
      return;
    }
  }
}

}  // namespace

struct HttpServer::State {
  Handler handler;
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor{context};
  std::optional<asio::ssl::context> tls;
  std::mutex mutex;
  std::list<int> sockets;  // of connections being served
  int serving = 0;         // threads that serve a connection
  std::condition_variable served;
  bool is_closing = false;
  std::jthread accepting;

  void accept_all();
  void serve_socket(std::unique_ptr<Socket> owned);
};

void HttpServer::State::accept_all() {
  for (;;) {
    beast::error_code error;
    Socket socket(context);
    static_cast<void>(acceptor.accept(socket, error));
    const std::lock_guard lock(mutex);
    if (is_closing) {
      return;
    }
    if (error) {
      continue;
    }
    sockets.push_back(socket.native_handle());
    ++serving;
    std::thread([this, owned = std::make_unique<Socket>(std::move(socket))]() mutable {
      serve_socket(std::move(owned));
    }).detach();
  }
}

// The socket is destroyed under the lock, as its destructor needs `context`: whoever waits for the
// last thread destroys this object next.
void HttpServer::State::serve_socket(std::unique_ptr<Socket> owned) {
  Socket& socket = *owned;
  const int descriptor = socket.native_handle();
  beast::error_code error;
  static_cast<void>(socket.set_option(asio::ip::tcp::no_delay(true), error));
  if (tls) {
    asio::ssl::stream<Socket&> stream(socket, *tls);
    static_cast<void>(stream.handshake(asio::ssl::stream_base::server, error));
    if (error) {
      // Unread plain text makes the close a reset, which is what a client of the real server sees.
      static_cast<void>(socket.set_option(asio::socket_base::linger(true, 0), error));
    } else {
      serve(stream, handler);
      ::shutdown(descriptor, SHUT_WR);
    }
  } else {
    serve(socket, handler);
    ::shutdown(descriptor, SHUT_WR);
  }
  const std::lock_guard lock(mutex);
  sockets.remove(descriptor);
  owned.reset();
  --serving;
  served.notify_all();
}

HttpServer::HttpServer(const ServerSettings& settings, Handler handler)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.handler = std::move(handler);
  if (!settings.certificate.empty()) {
    state.tls.emplace(asio::ssl::context::tls_server);
    state.tls->use_certificate_chain_file(settings.certificate.string());
    const auto& key = settings.key.empty() ? settings.certificate : settings.key;
    state.tls->use_private_key_file(key.string(), asio::ssl::context::pem);
  }
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(settings.bind_address),
                                         settings.bind_port);
  state.acceptor.open(endpoint.protocol());
  state.acceptor.set_option(asio::socket_base::reuse_address(true));
  state.acceptor.bind(endpoint);
  state.acceptor.listen();
  state.accepting = std::jthread([&state] { state.accept_all(); });
}

HttpServer::~HttpServer() {
  State& state = *state_;
  {
    const std::lock_guard lock(state.mutex);
    state.is_closing = true;
    for (const int socket : state.sockets) {
      ::shutdown(socket, SHUT_RD);
    }
  }
  // Shutting a listening socket down wakes its accept; closing it would not.
  ::shutdown(state.acceptor.native_handle(), SHUT_RDWR);
  state.accepting.join();
  std::unique_lock lock(state.mutex);
  state.served.wait(lock, [&state] { return state.serving == 0; });
}

}  // namespace orchestrator
