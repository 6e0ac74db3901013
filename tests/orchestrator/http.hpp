#pragma once

// The HTTP server: one port, plain or TLS, a thread for each connection.
//
// Knows nothing of the API: a request goes to the handler, whose answer goes back.

#include <functional>
#include <memory>

#include "tests/orchestrator/api.hpp"
#include "tests/orchestrator/config.hpp"

namespace orchestrator {

class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;
  // Binds the port and begins to serve. Throws std::runtime_error if the port or the certificate
  // cannot be used.
  HttpServer(const ServerSettings& settings, Handler handler);
  // Closes the port, ends idle connections at once and waits for requests under way.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace orchestrator
