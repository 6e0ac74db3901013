// HTTP through libcurl. The only home of libcurl.
// TLS is always verified, against the URL's own host name, also through a forward. No proxies, no
// redirects, nothing from the environment: a plan's URL is what is asked.
#include <algorithm>
#include <memory>
#include <mutex>

#include <curl/curl.h>
#include <poll.h>

#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan::real {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t body_limit = 64 << 20;
constexpr long connect_limit_ms = 15'000;
constexpr int look_pace_ms = 50;  // for cancellation

struct CurlCloser {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};
struct MultiCloser {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using Easy = std::unique_ptr<CURL, CurlCloser>;
using Multi = std::unique_ptr<CURLM, MultiCloser>;
using Headers = std::unique_ptr<curl_slist, CurlCloser>;

struct Exchange {
  const Task& task;
  const HttpCall& http;
  HttpResult result;
  bool is_too_large = false;
  std::string target;  // "localhost:8888"
  std::size_t log_begin = 0;
  char error[CURL_ERROR_SIZE] = {};
};

std::size_t take_body(char* data, std::size_t one, std::size_t size, void* target) {
  Exchange& exchange = *static_cast<Exchange*>(target);
  const std::size_t bytes = one * size;
  if (exchange.result.body.size() + bytes > body_limit) {
    exchange.is_too_large = true;
    return 0;
  }
  exchange.result.body.append(data, bytes);
  return bytes;
}

std::size_t take_header(char* data, std::size_t one, std::size_t size, void* target) {
  Exchange& exchange = *static_cast<Exchange*>(target);
  const std::string_view line(data, one * size);
  if (line.starts_with("HTTP/")) {
    exchange.result.headers.clear();  // an interim answer (100) came before
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || exchange.result.headers.size() >= 1000) {
    return line.size();
  }
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() &&
         std::string_view(" \t\r\n").find(value.front()) != std::string_view::npos) {
    value.remove_prefix(1);
  }
  while (!value.empty() &&
         std::string_view(" \t\r\n").find(value.back()) != std::string_view::npos) {
    value.remove_suffix(1);
  }
  exchange.result.headers.emplace_back(std::move(name), std::string(value));
  return line.size();
}

// "host:port" as the host `via` is to reach it; nothing if this is no HTTP URL.
std::optional<std::string> target_of(const std::string& text) {
  const std::unique_ptr<CURLU, CurlCloser> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  char* host = nullptr;
  char* port = nullptr;
  char* scheme = nullptr;
  curl_url_get(url.get(), CURLUPART_HOST, &host, 0);
  curl_url_get(url.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
  curl_url_get(url.get(), CURLUPART_SCHEME, &scheme, 0);
  const std::unique_ptr<char, CurlCloser> host_owner(host);
  const std::unique_ptr<char, CurlCloser> port_owner(port);
  const std::unique_ptr<char, CurlCloser> scheme_owner(scheme);
  if (host == nullptr || port == nullptr || scheme == nullptr ||
      (std::string_view(scheme) != "http" && std::string_view(scheme) != "https")) {
    return std::nullopt;
  }
  return std::string(host) + ":" + port;
}

// A header that cannot break out of its line.
bool is_header(std::string_view name, std::string_view value) {
  constexpr std::string_view breaking("\r\n\0", 3);
  return !name.empty() && name.find_first_of(": \t") == std::string_view::npos &&
         name.find_first_of(breaking) == std::string_view::npos &&
         value.find_first_of(breaking) == std::string_view::npos;
}

std::expected<Headers, Failure> headers_of(const HttpCall& http) {
  Headers headers;
  std::vector<std::string> lines = {"Expect:"};  // no waiting for "100 Continue"
  for (const auto& [name, value] : http.headers) {
    if (!is_header(name, value.reveal())) {
      return std::unexpected(failure<Code::request_impossible>(
          FailureKind::refused, "the header `" + name + "` has a line end or a NUL"));
    }
    lines.push_back(value.reveal().empty() ? name + ";" : name + ": " + value.reveal());
  }
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    std::ignore = headers.release();
    headers.reset(longer);
  }
  return headers;
}

void set_up(CURL* easy, Exchange& exchange, curl_slist* headers, const std::string& socket) {
  const HttpCall& http = exchange.http;
  curl_easy_setopt(easy, CURLOPT_URL, http.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange.error);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, nullptr);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http.method.c_str());
  if (http.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  if (http.body) {
    const std::string& body = http.body->reveal();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  }
  if (!http.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, http.ca_file.c_str());
  }
  if (!socket.empty()) {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  }
}

std::string place(const Exchange& exchange) {
  return exchange.http.method + " " + exchange.http.url +
         (exchange.http.via.is_local ? "" : " from host `" + exchange.http.via.name + "`");
}

// Through a forward, "nobody listens there" is a connection that closes at once and a line in
// ssh's log. With several such lines it cannot be told whose they are; then the outcome stays
// unknown.
std::optional<std::string> refused_forward(const Exchange& exchange) {
  if (exchange.http.via.is_local) {
    return std::nullopt;
  }
  const Wake never;
  std::ignore = wait_ready(exchange.task.cancelled.get(), POLLIN, never, now() + 30ms);
  const std::string log = exchange.task.hosts.link(exchange.http.via).log_from(exchange.log_begin);
  const std::size_t at = log.find("open failed: ");
  if (at == std::string::npos || log.find("open failed: ", at + 1) != std::string::npos) {
    return std::nullopt;
  }
  return last_lines(log.substr(at + 13, log.find('\n', at) - at - 13)) + " (on the host)";
}

Failure failed(const Exchange& exchange, CURL* easy, CURLcode code) {
  const std::string said = exchange.error[0] != '\0' ? exchange.error : curl_easy_strerror(code);
  curl_off_t request_bytes = 0;
  curl_off_t sent_at = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &request_bytes);
  const bool was_sent = sent_at > 0;
  if (exchange.is_too_large) {
    return failure<Code::answer_too_large>(FailureKind::unknown, place(exchange), "64 MiB");
  }
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
      code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_ISSUER_ERROR) {
    return failure<Code::server_not_trusted>(FailureKind::refused, place(exchange), said);
  }
  if (!was_sent) {
    Failure result = failure<Code::server_unreachable>(FailureKind::refused, place(exchange),
                                                       refused_forward(exchange).value_or(said));
    result.is_retryable = code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT ||
                          !exchange.http.via.is_local;
    return result;
  }
  if (const std::optional<std::string> why = refused_forward(exchange)) {
    Failure result = failure<Code::server_unreachable>(FailureKind::refused, place(exchange), *why);
    result.is_retryable = true;
    return result;
  }
  Failure result = failure<Code::server_silent>(FailureKind::unknown, place(exchange), said);
  result.is_retryable = true;
  return result;
}

// Runs the transfer; nothing if the deadline or a cancellation came first.
std::optional<CURLcode> transfer(const Exchange& exchange, CURL* easy) {
  const Multi multi(curl_multi_init());
  curl_multi_add_handle(multi.get(), easy);
  std::optional<CURLcode> result;
  while (!result && now() < exchange.task.deadline && !is_set(exchange.task.cancelled)) {
    int running = 0;
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) {
      result = CURLE_FAILED_INIT;
    }
    int left = 0;
    if (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      result = message->data.result;
    }
    if (!result) {
      curl_multi_poll(multi.get(), nullptr, 0,
                      std::min(look_pace_ms, poll_timeout(exchange.task.deadline)), nullptr);
    }
  }
  curl_multi_remove_handle(multi.get(), easy);
  return result;
}

}  // namespace

ActionResult do_http(const Task& task, const HttpCall& http) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_ALL); });
  Exchange exchange{.task = task, .http = http, .result = {}, .target = {}};
  const std::optional<std::string> target = target_of(http.url);
  if (!target) {
    return failure<Code::request_impossible>(FailureKind::refused,
                                             "`" + http.url + "` is not an http or https URL");
  }
  auto headers = headers_of(http);
  if (!headers) {
    return std::move(headers.error());
  }
  std::string socket;
  if (!http.via.is_local) {
    Link& link = task.hosts.link(http.via);
    auto path = link.forward(*target, "http", task.deadline, task.cancelled);
    if (!path) {
      return std::move(path.error());
    }
    socket = std::move(*path);
    exchange.log_begin = link.log_size();
  }
  const Easy easy(curl_easy_init());
  set_up(easy.get(), exchange, headers->get(), socket);
  const std::optional<CURLcode> code = transfer(exchange, easy.get());
  if (!code) {
    curl_off_t sent_at = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_PRETRANSFER_TIME_T, &sent_at);
    return is_set(task.cancelled)
               ? cancelled_failure(task)
               : timed_out_failure(task, sent_at > 0 ? FailureKind::unknown : FailureKind::refused);
  }
  if (*code != CURLE_OK) {
    return failed(exchange, easy.get(), *code);
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  exchange.result.status = static_cast<int>(status);
  return std::move(exchange.result);
}

}  // namespace plan::real
