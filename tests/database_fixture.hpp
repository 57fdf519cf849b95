// A PostgreSQL for one test program: a private cluster in a temporary folder, one fresh database per test.
#pragma once
#include "storage/migrate.hpp"
#include "storage/pg_connect.hpp"
#include "storage/private_postgres.hpp"

#include <pqxx/pqxx>

#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

namespace settled::tests {

/// The cluster of this test program; started with the first test that asks for it.
class Cluster {
 public:
  static Cluster& instance() {
    static Cluster cluster;
    return cluster;
  }
  /// A fresh database with our schema.
  std::string make_database() {
    const auto name = "t" + std::to_string(++databases_);
    pqxx::connection db(postgres_.url_for("postgres", "postgres"));
    pqxx::nontransaction(db).exec("create database " + name + " owner settled");
    auto url = postgres_.url_for("settled", name);
    migrate(url);
    return url;
  }
  PrivatePostgres& postgres() { return postgres_; }

 private:
  Cluster() : folder_(make_folder()), postgres_(folder_) { postgres_.start(); }
  ~Cluster() {
    postgres_.stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static std::filesystem::path make_folder() {
    std::string pattern = "/tmp/settled-test-XXXXXX";
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    std::filesystem::permissions(pattern, std::filesystem::perms(0755));
    return pattern;
  }
  std::filesystem::path folder_;
  PrivatePostgres postgres_;
  int databases_ = 0;
};

struct DatabaseFixture {
  std::string url = Cluster::instance().make_database();
  pqxx::connection db{connection_string(url)};

  template <class T = std::int64_t>
  T query(const std::string& sql) {
    pqxx::nontransaction session(db);
    return session.exec1(sql)[0].template as<T>();
  }
  void execute(const std::string& sql) {
    pqxx::nontransaction session(db);
    session.exec(sql);
  }
  /// "connection limit 3".
  void alter_database(const std::string& how) {
    execute("alter database " + query<std::string>("select quote_ident(current_database())") + ' ' + how);
  }
};

}  // namespace settled::tests
