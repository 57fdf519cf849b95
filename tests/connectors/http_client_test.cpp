#define BOOST_TEST_MODULE http_client
#include "connectors/http_client.hpp"

#include "connectors/raw_server.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <condition_variable>
#include <future>
#include <map>

using namespace settled;
using namespace settled::tests;
using namespace std::chrono_literals;
using Kind = HttpResponse::Kind;

namespace settled {
std::ostream& operator<<(std::ostream& out, HttpResponse::Kind kind) { return out << to_string(kind); }
}  // namespace settled

namespace {
HttpClientSettings loopback() {
  HttpClientSettings settings;
  settings.http_to_loopback = true;
  return settings;
}
HttpRequest get(const std::string& url, std::chrono::milliseconds longest = 10s) {
  return {"GET", url, {}, "", longest};
}
HttpRequest post(const std::string& url, std::chrono::milliseconds longest = 10s) {
  return {"POST", url, {"Content-Type: application/json"}, R"({"pay":"once"})", longest};
}
HttpResponse perform(HttpClient& client, HttpRequest request) {
  std::promise<HttpResponse> promise;
  client.perform(std::move(request), [&promise](HttpResponse r) { promise.set_value(std::move(r)); });
  return promise.get_future().get();
}
}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_comes_back_whole_and_the_connection_is_kept) {
  std::string seen;
  RawServer server([&seen](int, int, const std::string& request) {
    seen = request;
    return RawServer::ok("{\"a\":1}", "Retry-After: 7\r\n");
  });
  HttpClient client(loopback());
  for (int i = 0; i < 3; ++i) {
    const auto r = perform(client, post(server.url() + "/x?y=1"));
    BOOST_TEST(r.kind == Kind::answered);
    BOOST_TEST(r.status == 200);
    BOOST_TEST(r.body == "{\"a\":1}");
    BOOST_TEST((r.retry_after == 7s));
  }
  BOOST_TEST(server.connections() == 1);
  BOOST_TEST(seen.starts_with("POST /x?y=1 HTTP/1.1\r\n"));
  BOOST_TEST(seen.ends_with("\r\n\r\n{\"pay\":\"once\"}"));
  BOOST_TEST(seen.find("Expect") == std::string::npos);
  // After a POST the same handle makes a GET without a body.
  BOOST_TEST(perform(client, get(server.url())).status == 200);
  BOOST_TEST(seen.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(nobody_listening_is_not_sent) {
  HttpClient client(loopback());
  const auto r = perform(client, post("http://127.0.0.1:" + std::to_string(closed_port()) + "/"));
  BOOST_TEST(r.kind == Kind::not_sent);
  BOOST_TEST(r.code == "connection_refused");
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_never_made_is_not_sent) {
  // A listening socket whose queue is full: the kernel leaves further connections unanswered.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = bind_to_loopback(listener);
  ::listen(listener, 0);
  std::vector<int> fill;
  fill.reserve(4);
  for (int i = 0; i < 4; ++i) {
    fill.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(fill.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
  auto settings = loopback();
  settings.connect_max = 200ms;
  HttpClient client(settings);
  const auto r = perform(client, post("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/"));
  BOOST_TEST(r.kind == Kind::not_sent);
  BOOST_TEST(r.code == "connect_timeout");
  for (int fd : fill) ::close(fd);
  ::close(listener);
}

BOOST_AUTO_TEST_CASE(silence_after_the_request_is_unknown) {
  RawServer server([](int, int, const std::string&) { return std::string(); });
  HttpClient client(loopback());
  const auto r = perform(client, post(server.url(), 200ms));
  BOOST_TEST(r.kind == Kind::unknown);
  BOOST_TEST(r.code == "timeout");
}

BOOST_AUTO_TEST_CASE(after_a_time_out_nothing_more_of_the_request_leaves) {
  // Accepts, and reads only when it is too late.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = bind_to_loopback(listener);
  ::listen(listener, 1);
  HttpClient client(loopback());
  auto request = post("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/", 300ms);
  request.body.assign(16'000'000, ' ');  // more than the kernel takes at once
  const auto whole = request.body.size();
  const auto answer = perform(client, std::move(request));
  BOOST_TEST(answer.code == "timeout");

  const int late = ::accept(listener, nullptr, nullptr);
  std::vector<char> piece(1'000'000);
  std::size_t got = 0;
  ssize_t n = 0;
  while ((n = ::recv(late, piece.data(), piece.size(), 0)) > 0) got += static_cast<std::size_t>(n);
  const int why = n < 0 ? errno : 0;
  BOOST_TEST(why == ECONNRESET);
  BOOST_TEST(got < whole);
  ::close(late);
  ::close(listener);
}

BOOST_AUTO_TEST_CASE(a_connection_closed_without_an_answer_is_unknown) {
  RawServer server([](int, int, const std::string&) { return std::nullopt; });
  HttpClient client(loopback());
  const auto r = perform(client, post(server.url()));
  BOOST_TEST(r.kind == Kind::unknown);
  BOOST_TEST(r.code == "connection_lost");
  BOOST_TEST(server.requests() == 1);
}

// Without our veto curl sends the POST again on a new connection: the server would count three requests.
BOOST_AUTO_TEST_CASE(a_post_that_a_kept_connection_swallowed_is_never_repeated) {
  RawServer server([](int, int request, const std::string&) -> std::optional<std::string> {
    if (request == 1) return RawServer::ok("first");
    return std::nullopt;  // it has read the second one, and closes
  });
  HttpClient client(loopback());
  BOOST_TEST(perform(client, post(server.url())).kind == Kind::answered);
  const auto r = perform(client, post(server.url()));
  BOOST_TEST(r.kind == Kind::unknown);
  BOOST_TEST(r.code == "connection_lost");
  BOOST_TEST(server.requests() == 2);
}

BOOST_AUTO_TEST_CASE(a_get_that_a_kept_connection_swallowed_is_repeated) {
  RawServer server([](int, int request, const std::string&) -> std::optional<std::string> {
    if (request == 1) return RawServer::ok("first");
    return std::nullopt;
  });
  HttpClient client(loopback());
  BOOST_TEST(perform(client, get(server.url())).kind == Kind::answered);
  BOOST_TEST(perform(client, get(server.url())).kind == Kind::answered);
  BOOST_TEST(server.requests() == 3);
}

BOOST_AUTO_TEST_CASE(after_the_other_side_closed_its_kept_connections_a_new_one_is_made) {
  RawServer server([](int, int, const std::string&) { return '!' + RawServer::ok("and goodbye"); });
  HttpClient client(loopback());
  for (int i = 0; i < 5; ++i) {
    // The close may arrive while we write; then it is a doubt, but never a second copy.
    const auto before = server.requests();
    const auto r = perform(client, post(server.url()));
    BOOST_TEST((r.kind == Kind::answered || r.kind == Kind::unknown || r.kind == Kind::not_sent));
    BOOST_TEST(server.requests() - before <= 1);
  }
}

BOOST_AUTO_TEST_CASE(answers_beyond_the_limits_are_cut_and_unknown) {
  const std::string endless(2'000'000, 'x');
  struct Case {
    const char* name;
    std::string says;
  };
  const Case cases[] = {
      {"declared long body", RawServer::ok(endless)},
      {"undeclared long body", "!HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + endless},
      {"chunked long body",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e8480\r\n" + endless + "\r\n0\r\n\r\n"},
      {"long header", "HTTP/1.1 200 OK\r\nX: " + endless.substr(0, 50'000) + "\r\nContent-Length: 0\r\n\r\n"},
      {"many headers",
       [] {
         std::string text = "HTTP/1.1 200 OK\r\n";
         for (int i = 0; i < 10'000; ++i) text += "A: bbbbbbbbbbbb\r\n";
         return text + "Content-Length: 0\r\n\r\n";
       }()},
      {"no HTTP at all", "!" + endless},
      {"half a body", "!HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\""},
      {"two lengths", "!HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n{}"},
  };
  HttpClient client(loopback());
  for (const Case& c : cases) {
    RawServer server([&c](int, int, const std::string&) { return c.says; });
    const auto r = perform(client, post(server.url()));
    BOOST_TEST(r.kind == Kind::unknown, c.name << ": " << r.kind << ' ' << r.code << ' ' << r.body.size());
    BOOST_TEST(server.requests() == 1);
  }
}

BOOST_AUTO_TEST_CASE(redirects_are_answers_and_nothing_follows_them) {
  RawServer server([](int, int, const std::string&) {
    return std::string("HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  });
  HttpClient client(loopback());
  BOOST_TEST(perform(client, post(server.url())).status == 307);
  BOOST_TEST(server.requests() == 1);
}

BOOST_AUTO_TEST_CASE(addresses_that_we_must_not_call_are_refused_unsent) {
  HttpClient development(loopback()), production{};
  for (const char* url : {"http://192.0.2.1/", "http://127.example.org/", "file:///etc/passwd",
                          "ftp://127.0.0.1/", "http://user:pw@127.0.0.1/", "http://127.0.0.1:1\\@192.0.2.1/",
                          "", "http://", "gopher://127.0.0.1/", "127.0.0.1:80"}) {
    const auto r = perform(development, post(url));
    BOOST_TEST(r.kind == Kind::not_sent, url);
    BOOST_TEST(r.code == "url_refused", url << ' ' << r.code);
  }
  BOOST_TEST(perform(production, post("http://127.0.0.1:1/")).code == "url_refused");
  BOOST_TEST(perform(development, {"DELETE", "http://127.0.0.1:1/", {}, "", 1s}).code == "url_refused");
}

BOOST_AUTO_TEST_CASE(a_thousand_calls_at_once_share_few_connections_and_each_is_answered_once) {
  RawServer server(
      [](int, int, const std::string& head) { return RawServer::ok(head.substr(5, head.find(' ', 5) - 5)); });
  auto settings = loopback();
  settings.connections_per_host = 8;
  HttpClient client(settings);
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, int> answers;
  constexpr int calls = 1'000;
  for (int i = 0; i < calls; ++i)
    client.perform({"GET", server.url() + '/' + std::to_string(i), {}, "", 60s}, [&](const HttpResponse& r) {
      const std::lock_guard lock(mutex);
      ++answers[r.body];
      changed.notify_one();
    });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return answers.size() == calls; });
  BOOST_TEST(std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.second == 1; }));
  BOOST_TEST(server.connections() <= 8);
}

BOOST_AUTO_TEST_CASE(a_host_that_hangs_holds_up_only_its_own_calls) {
  RawServer silent([](int, int, const std::string&) { return std::string(); });
  RawServer lively([](int, int, const std::string&) { return RawServer::ok("ok"); });
  auto settings = loopback();
  settings.connections_per_host = 2;
  settings.queue_max = 300ms;
  settings.queued_per_host = 3;
  HttpClient client(settings);
  std::vector<std::promise<HttpResponse>> promises(7);
  for (auto& promise : promises)
    client.perform(post(silent.url(), 2s), [&promise](HttpResponse r) { promise.set_value(std::move(r)); });
  BOOST_TEST(perform(client, post(lively.url())).kind == Kind::answered);
  std::map<std::string, int> codes;
  for (auto& promise : promises) {
    const auto r = promise.get_future().get();
    ++codes[std::string(to_string(r.kind)) + ' ' + r.code];
  }
  BOOST_TEST(codes["unknown timeout"] == 2);
  BOOST_TEST(codes["not_sent queue_timeout"] == 3);
  BOOST_TEST(codes["not_sent queue_full"] == 2);
}

BOOST_AUTO_TEST_CASE(a_call_that_waited_too_long_for_a_client_that_stood_still_is_not_sent) {
  RawServer server([](int, int, const std::string&) { return RawServer::ok("ok"); });
  auto settings = loopback();
  settings.queue_max = 100ms;
  HttpClient client(settings);
  std::promise<void> stands_still, goes_on;
  client.perform(get(server.url()), [&](const HttpResponse&) {
    stands_still.set_value();
    goes_on.get_future().wait();
  });
  stands_still.get_future().wait();
  const auto asked = std::chrono::steady_clock::now();
  std::promise<HttpResponse> promise;
  client.perform(post(server.url()), [&promise](HttpResponse r) { promise.set_value(std::move(r)); });
  while (std::chrono::steady_clock::now() < asked + 2 * settings.queue_max) std::this_thread::yield();
  goes_on.set_value();
  const auto r = promise.get_future().get();
  BOOST_TEST(r.kind == Kind::not_sent);
  BOOST_TEST(r.code == "queue_timeout");
  BOOST_TEST(server.requests() == 1);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_client_completes_everything_as_unknown) {
  RawServer silent([](int, int, const std::string&) { return std::string(); });
  std::atomic<int> unknown = 0;
  {
    auto settings = loopback();
    settings.connections_per_host = 4;
    HttpClient client(settings);
    for (int i = 0; i < 50; ++i)
      client.perform(post(silent.url()), [&unknown](const HttpResponse& r) {
        if (r.kind == Kind::unknown && r.code == "shutting_down") ++unknown;
      });
    while (silent.requests() < 4) std::this_thread::yield();
  }
  BOOST_TEST(unknown == 50);
}
