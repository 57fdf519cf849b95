// Every attack of the list that Debian's cpp-httplib did not withstand (RELIABILITY 6.3), and some more,
// against the port in this process: what is refused, what is closed, and that honest clients are served.
#define BOOST_TEST_MODULE http_server_attack
#include "http/problem.hpp"
#include "http/server.hpp"
#include "tests/http/raw_client.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <mutex>
#include <sys/resource.h>
#include <thread>
#include <vector>

using namespace settled;
using namespace settled::tests;

namespace {
constexpr std::string_view mark = "the-secret-of-the-hidden-route";
const std::string hidden = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string post = "POST /orders HTTP/1.1\r\nHost: a\r\n";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long memory_slack_kb = 256 * 1024;  // freed memory waits in the sanitizer's quarantine
#else
constexpr long memory_slack_kb = 16 * 1024;
#endif

// A port with three routes: /health answers at once, /orders from another thread, /never not at all
// until it is told to.
struct Port {
  Port() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    ServerSettings settings;
    settings.screen = [this](Request& r) -> std::optional<Response> {
      if (r.path == "/orders" && r.header("content-encoding")) return Response{415, "text/plain", {}, "no"};
      if (r.path == "/health" || r.path == "/orders" || r.path == "/never" || r.path == "/drop" ||
          r.path == "/throw" || r.path == "/stream")
        return std::nullopt;
      return Response{404, "text/plain", {}, "no"};
    };
    settings.handle = [this](Request r, Responder respond) {
      if (r.path == "/health")
        respond({200, "text/plain", {{"X-Try", "a\r\nInjected: 1"}}, std::string(mark)});
      if (r.path == "/throw") throw std::runtime_error("password=hunter2");
      const std::lock_guard lock(mutex);
      if (r.path == "/orders") {
        bodies.push_back(r.body);
        workers.emplace_back([respond, size = r.body.size()] {
          respond({202, "text/plain", {}, "taken " + std::to_string(size)});
          respond({500, "text/plain", {}, "a second answer"});
        });
      }
      if (r.path == "/never") kept.push_back(respond);
      if (r.path == "/stream") {
        writers.push_back(respond.stream({200, "text/event-stream", {}, ": hello\n\n"},
                                         {nullptr, [this] { ++closed_streams; }}));
      }
    };
    server = std::make_unique<Server>(std::move(settings));
    server->start();
  }
  ~Port() {
    kept.clear();
    server->stop(2s);
    for (auto& w : workers) w.join();
  }
  RawClient client() const { return RawClient(server->port()); }
  template <class Done>
  bool wait_for(Done done, std::chrono::milliseconds most = 20s) {
    for (const auto until = Clock::now() + most; Clock::now() < until;) {
      if (done()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return done();
  }

  std::mutex mutex;
  std::vector<std::string> bodies;
  std::vector<std::thread> workers;
  std::vector<Responder> kept;
  std::vector<StreamWriter> writers;
  std::atomic<int> closed_streams{0};
  std::unique_ptr<Server> server;
};

std::string ask(Port& port, std::string_view bytes, std::chrono::milliseconds most = 700ms) {
  auto client = port.client();
  client.send(bytes);
  return client.read(most);
}
void refused(Port& port, const std::string& what, const std::string& bytes, int status = 400) {
  BOOST_TEST_CONTEXT(what) {
    auto client = port.client();
    client.send(bytes);
    const auto answer = client.read(5s, "", 1);
    BOOST_TEST(status_of(answer) == status);
    BOOST_TEST(answer.find("application/problem+json") != std::string::npos);
    BOOST_TEST(RawClient::count(answer, "HTTP/1.1 ") == 1U);
    BOOST_TEST(client.over());
  }
}
}  // namespace

BOOST_FIXTURE_TEST_SUITE(port, Port)

BOOST_AUTO_TEST_CASE(no_framing_trick_smuggles_a_request) {
  const auto n = std::to_string(hidden.size());
  const std::vector<std::pair<std::string, std::string>> tricks{
      {"two Content-Length", post + "Content-Length: 0\r\nContent-Length: " + n + "\r\n\r\n"},
      {"two equal Content-Length", post + "Content-Length: " + n + "\r\nContent-Length: " + n + "\r\n\r\n"},
      {"a list of lengths", post + "Content-Length: 0, " + n + "\r\n\r\n"},
      {"CL + TE", post + "Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"TE chunked, gzip", post + "Transfer-Encoding: chunked, gzip\r\n\r\n"},
      {"TE gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
      {"TE xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n"},
      {"TE identity", post + "Transfer-Encoding: identity\r\n\r\n"},
      {"two TE", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"TE in HTTP/1.0", "POST /orders HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"CL +5", post + "Content-Length: +" + n + "\r\n\r\n"},
      {"CL -5", post + "Content-Length: -5\r\n\r\n"},
      {"CL 0x10", post + "Content-Length: 0x10\r\n\r\n"},
      {"CL empty", post + "Content-Length: \r\n\r\n"},
      {"CL too long", post + "Content-Length: 99999999999999999999\r\n\r\n"},
      {"CL with underscore", post + "Content_Length: " + n + "\r\n\r\n"},
      {"TE with underscore", post + "Transfer_Encoding: chunked\r\n\r\n"},
  };
  for (const auto& [what, first] : tricks) {
    BOOST_TEST_CONTEXT(what) {
      auto client = this->client();
      client.send(first);
      auto answer = client.read(200ms);
      client.send(hidden);
      answer += client.read(300ms);
      BOOST_TEST(status_of(answer) == 400);
      BOOST_TEST(answer.find(mark) == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_body_that_comes_late_is_no_request) {
  auto client = this->client();
  client.send("POST /no/such HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(hidden.size()) +
              "\r\n\r\n");
  auto answer = client.read(300ms);
  client.send(hidden);
  answer += client.read(500ms);
  BOOST_TEST(status_of(answer) == 404);
  BOOST_TEST(answer.find(mark) == std::string::npos);
  // The framing was never in doubt: the connection goes on, one answer to one request.
  client.send(hidden);
  BOOST_TEST(client.read(2s, mark).find(mark) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_body_of_a_get_is_no_request) {
  const auto answer =
      ask(*this, "GET /no/such HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(hidden.size()) +
                     "\r\n\r\n" + hidden);
  BOOST_TEST(RawClient::count(answer, "HTTP/1.1 ") == 1U);
  BOOST_TEST(answer.find(mark) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(heads_that_can_be_read_in_two_ways_are_refused) {
  const std::string get = "GET /health HTTP/1.1\r\nHost: a\r\n";
  refused(*this, "blank before the colon", get + "X-Y : b\r\n\r\n");
  refused(*this, "NUL in a value", get + std::string("X-Y: a\0b\r\n\r\n", 12));
  refused(*this, "bare CR in a value", get + "X-Y: a\rb\r\n\r\n");
  refused(*this, "bare LF in a value", get + "X-Y: a\nb\r\n\r\n");
  refused(*this, "bare LF throughout", "GET /health HTTP/1.1\nHost: a\n\n");
  refused(*this, "control character",
          get +
              "X-Y: a\x01"
              "b\r\n\r\n");
  refused(*this, "DEL", get + "X-Y: a\x7f\r\n\r\n");
  refused(*this, "obs-fold", get + "X-Y: a\r\n b\r\n\r\n");
  refused(*this, "underscore", get + "X_Api_Key: a\r\n\r\n");
  refused(*this, "no colon", get + "XY\r\n\r\n");
  refused(*this, "no name", get + ": x\r\n\r\n");
  refused(*this, "two hosts", get + "Host: b\r\n\r\n");
  refused(*this, "two keys", get + "X-API-Key: a\r\nX-API-Key: b\r\n\r\n");
  refused(*this, "no host", "GET /health HTTP/1.1\r\n\r\n");
  refused(*this, "no version", "GET /health\r\nHost: a\r\n\r\n");
  refused(*this, "old version", "GET /health HTTP/0.9\r\nHost: a\r\n\r\n", 505);
  refused(*this, "new version", "GET /health HTTP/2.0\r\nHost: a\r\n\r\n", 505);
  refused(*this, "fragment", "GET /health#x HTTP/1.1\r\nHost: a\r\n\r\n");
  refused(*this, "blank in the target", "GET /hea lth HTTP/1.1\r\nHost: a\r\n\r\n");
  refused(*this, "not a path", "GET health HTTP/1.1\r\nHost: a\r\n\r\n");
  refused(*this, "empty line first", "\r\n" + hidden);
  refused(*this, "unknown expectation", get + "Expect: a-miracle\r\n\r\n", 417);
  refused(*this, "TLS on a plain port", std::string("\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03", 11));
}

BOOST_AUTO_TEST_CASE(a_handler_cannot_put_a_header_into_an_answer_unseen) {
  const auto answer = ask(*this, hidden);
  BOOST_TEST(answer.find("\r\nInjected:") == std::string::npos);
  BOOST_TEST(answer.find("X-Try: a  Injected: 1\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(floods_are_cut_and_cost_no_memory) {
  const auto before = resident_kb();
  const auto flood = [&](const std::string& what, const std::string& head, const std::string& chunk,
                         int times, int status) {
    BOOST_TEST_CONTEXT(what) {
      auto client = this->client();
      bool open = client.send(head);
      std::size_t sent = 0;
      std::string answer;
      for (int i = 0; i < times && open; ++i) {
        open = client.send(chunk);
        if (open) sent += chunk.size();
        answer += client.read(0ms);
      }
      answer += client.read(2s);
      const bool told = status_of(answer) == status;
      BOOST_TEST((told || (answer.empty() && client.over())));
      BOOST_TEST(sent < (16U << 20));
      BOOST_TEST(resident_kb() - before < memory_slack_kb);
    }
  };
  const std::string mib(1 << 20, 'A');
  flood("endless header", "GET /health HTTP/1.1\r\nX: ", mib, 100, 431);
  std::string headers;
  for (int k = 0; k < 1000; ++k) headers += "X" + std::to_string(k) + ": a\r\n";
  flood("100,000 headers", "GET /health HTTP/1.1\r\n", headers, 100, 431);
  flood("chunked 64 MiB", post + "Transfer-Encoding: chunked\r\n\r\n",
        "10000\r\n" + std::string(65536, 'A') + "\r\n", 1024, 413);
  flood("chunk size -2", post + "Transfer-Encoding: chunked\r\n\r\n-2\r\n", mib, 64, 400);
  flood("endless chunk extension", post + "Transfer-Encoding: chunked\r\n\r\n5;", mib, 64, 400);
  flood("endless trailers", post + "Transfer-Encoding: chunked\r\n\r\n0\r\n",
        "X-Trailer: aaaaaaaaaaaaaaa\r\n" + std::string(1000, 'a'), 64 * 1024, 400);
  flood("a declared terabyte", post + "Content-Length: 1099511627776\r\n\r\n", mib, 64, 413);
}

BOOST_AUTO_TEST_CASE(too_many_headers_are_refused_by_number) {
  std::string get = "GET /health HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 63; ++i) get += "X-H: " + std::to_string(i) + "\r\n";
  BOOST_TEST(status_of(ask(*this, get + "\r\n")) == 200);
  refused(*this, "65 headers", get + "X-H: 64\r\n\r\n", 431);
}

BOOST_AUTO_TEST_CASE(ten_megabytes_get_413_even_for_a_client_that_sends_first_and_reads_later) {
  const auto before = resident_kb();
  auto client = this->client();
  BOOST_TEST(client.send(post + "Content-Length: 10000000\r\n\r\n" + std::string(10'000'000, 'x')));
  const auto answer = client.read(5s, "}");
  BOOST_TEST(status_of(answer) == 413);
  BOOST_TEST(answer.find("\"code\":\"body_too_large\"") != std::string::npos);
  BOOST_TEST(resident_kb() - before < memory_slack_kb + 12 * 1024);
}

BOOST_AUTO_TEST_CASE(compressed_bodies_are_not_unpacked) {
  const auto answer = ask(*this, post + "Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n" +
                                     std::string(100'000, '\x1f'));
  BOOST_TEST(status_of(answer) == 415);
  BOOST_TEST(bodies.empty());
}

BOOST_AUTO_TEST_CASE(bodies_arrive_whole_by_length_and_by_chunks) {
  const std::string big(900'000, 'b');
  BOOST_TEST(ask(*this, post + "Content-Length: 900000\r\n\r\n" + big, 1s).find("taken 900000") !=
             std::string::npos);
  BOOST_TEST(ask(*this, post + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n")
                 .find("taken 11") != std::string::npos);
  BOOST_TEST(bodies.at(0) == big);
  BOOST_TEST(bodies.at(1) == "hello world");
}

BOOST_AUTO_TEST_CASE(a_client_that_asks_before_it_sends_is_told_to_go_on_or_not) {
  auto client = this->client();
  client.send(post + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  BOOST_TEST(client.read(2s, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  BOOST_TEST(client.read(2s, "taken 5").find("taken 5") != std::string::npos);
  auto other = this->client();
  other.send("POST /no/such HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  BOOST_TEST(status_of(other.read(3s)) == 404);
  BOOST_TEST(other.over());
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  auto client = this->client();
  const std::string order = post + "Content-Length: 2\r\n\r\nab";
  client.send(hidden + order + hidden + order + hidden);
  const auto answers = client.read(5s, mark, 3);
  BOOST_TEST(RawClient::count(answers, "HTTP/1.1 ") == 5U);
  const auto first = answers.find("taken"), second = answers.rfind("taken");
  BOOST_TEST((answers.find(mark) < first && first < answers.find(mark, first)));
  BOOST_TEST((answers.find(mark, first) < second && second < answers.rfind(mark)));
}

BOOST_AUTO_TEST_CASE(a_head_answer_has_no_body_and_old_clients_are_closed) {
  auto client = this->client();
  client.send("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n" + hidden);
  const auto answers = client.read(2s, mark);
  BOOST_TEST(RawClient::count(answers, "HTTP/1.1 200") == 2U);
  BOOST_TEST(RawClient::count(answers, mark) == 1U);
  auto old = this->client();
  old.send("GET /health HTTP/1.0\r\n\r\n");
  BOOST_TEST(status_of(old.read(4s)) == 200);
  BOOST_TEST(old.over());
}

BOOST_AUTO_TEST_CASE(a_lost_or_thrown_request_is_our_fault_and_says_no_secret) {
  const auto dropped = ask(*this, "GET /drop HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(status_of(dropped) == 500);
  BOOST_TEST(dropped.find("\"code\":\"internal\"") != std::string::npos);
  const auto thrown = ask(*this, "GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(status_of(thrown) == 500);
  BOOST_TEST(thrown.find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_thousand_idle_connections_cost_no_thread_and_still_work) {
  const auto threads = thread_count();
  std::vector<RawClient> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(client());
    BOOST_REQUIRE(idle.back().connected());
    idle.back().send(hidden);
    BOOST_REQUIRE(idle.back().read(5s, mark).find(mark) != std::string::npos);
  }
  BOOST_TEST(thread_count() == threads);
  BOOST_TEST(server->connections() == 1000U);
  for (auto& c : idle) c.send(hidden);
  for (auto& c : idle) BOOST_REQUIRE(c.read(5s, mark).find(mark) != std::string::npos);
  idle.clear();
  BOOST_TEST(wait_for([&] { return server->connections() == 0; }));
}

BOOST_AUTO_TEST_CASE(four_hundred_slow_clients_stop_nobody_and_are_all_closed) {
  std::vector<RawClient> slow;
  for (int i = 0; i < 400; ++i) {
    slow.push_back(client());
    // A third trickles its head, a third its body, a third its chunks.
    slow.back().send(i % 3 == 0   ? "GET /health HTTP/1.1\r\nX-"
                     : i % 3 == 1 ? post + "Content-Length: 1000\r\n\r\n"
                                  : post + "Transfer-Encoding: chunked\r\n\r\n");
  }
  const auto start = Clock::now();
  auto honest = client();
  honest.send(hidden);
  BOOST_TEST(honest.read(5s, mark).find(mark) != std::string::npos);
  BOOST_TEST_MESSAGE("honest client answered after "
                     << std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count()
                     << " us");
  honest.close();
  auto next = start;
  const bool all_closed = wait_for(
      [&] {
        if (Clock::now() >= next) {
          for (auto& c : slow) ::send(c.fd(), "1", 1, MSG_NOSIGNAL);
          next += 2s;
        }
        return server->connections() == 0;
      },
      30s);
  BOOST_TEST(all_closed);
  BOOST_TEST_MESSAGE("all 400 closed after "
                     << std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count()
                     << " ms");
  for (auto& c : slow) {
    (void)c.read(1s);
    BOOST_TEST(c.over());
  }
}

BOOST_AUTO_TEST_CASE(stopping_answers_what_is_in_flight_and_closes_the_rest) {
  auto waiting = client(), idle = client(), streaming = client();
  waiting.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.send(hidden);
  (void)idle.read(5s, mark);
  streaming.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(streaming.read(5s, "hello").find("hello") != std::string::npos);
  BOOST_REQUIRE(wait_for([&] { return std::lock_guard(mutex), kept.size() == 1; }));
  std::thread stopper([&] { server->stop(10s); });
  (void)idle.read(5s);
  BOOST_TEST(idle.over());
  (void)streaming.read(5s);
  BOOST_TEST(streaming.over());
  BOOST_TEST(closed_streams == 1);
  kept.front()({200, "text/plain", {}, "at last"});
  const auto answer = waiting.read(5s);
  BOOST_TEST(answer.find("at last") != std::string::npos);
  BOOST_TEST(answer.find("Connection: close") != std::string::npos);
  stopper.join();
  BOOST_TEST(!RawClient(server->port()).connected());
  BOOST_TEST(!writers.front().send("after the end"));
}

BOOST_AUTO_TEST_CASE(a_stream_flows_and_a_reader_who_does_not_read_is_cut) {
  auto reader = client(), sleeper = client();
  reader.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(reader.read(5s, "hello").find("text/event-stream") != std::string::npos);
  BOOST_TEST(writers.at(0).send("data: one\n\n"));
  BOOST_TEST(reader.read(5s, "one").find("data: one") != std::string::npos);
  sleeper.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_REQUIRE(wait_for([&] { return std::lock_guard(mutex), writers.size() == 2; }));
  const std::string text(16 * 1024, 'e');
  int sent = 0;
  while (sent < 10'000 && writers.at(1).send(text)) ++sent;
  BOOST_TEST(sent < 10'000);
  BOOST_TEST(writers.at(1).buffered() <= 256U * 1024 + text.size());
  BOOST_TEST(wait_for([&] { return closed_streams == 1; }));
  // The one who left is noticed without anything being sent.
  reader.close();
  BOOST_TEST(wait_for([&] { return closed_streams == 2; }));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(connections_beyond_the_limit_are_told_so_and_closed) {
  ServerSettings settings;
  settings.limits.connections = 10;
  settings.handle = [](Request, Responder respond) { respond({200, "text/plain", {}, std::string(mark)}); };
  Server server(std::move(settings));
  server.start();
  std::vector<RawClient> in;
  for (int i = 0; i < 10; ++i) {
    in.emplace_back(server.port());
    in.back().send(hidden);
    BOOST_REQUIRE(in.back().read(5s, mark).find(mark) != std::string::npos);
  }
  RawClient over(server.port());
  over.send(hidden);
  const auto answer = over.read(5s);
  BOOST_TEST(status_of(answer) == 503);
  BOOST_TEST(answer.find("Retry-After: ") != std::string::npos);
  BOOST_TEST(over.over());
}
