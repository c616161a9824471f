#include "tessera/data/sql_order.h"

#include <gtest/gtest.h>

namespace tessera::data {
namespace {

TEST(SqlOrder, IsThatOfTheResult) {
  for (const char* query :
       {"SELECT * FROM t ORDER BY id", "select * from t order\n\tby 1 limit 3", "(SELECT 1) ORDER BY 1",
        "SELECT a FROM t ORDER /* by what */ BY a", "SELECT 'it''s' AS x FROM t ORDER BY x",
        "SELECT $$ ( $$ AS x ORDER BY x", "SELECT $a$ ( $$ $a$ AS x ORDER BY x", "SELECT $1 ORDER BY 1",
        "SELECT E'it\\'s' AS x FROM t ORDER BY x", "SELECT e'\\\\' FROM t ORDER BY a",
        "SELECT E'a''\\'' ORDER BY 1", "SELECT '\\' AS x ORDER BY x", "SELECT a$$b FROM t ORDER BY a$$b",
        "SELECT $1$2 ORDER BY 1", "SELECT a /* b /* c */ d */ FROM t ORDER BY a",
        "(SELECT a FROM t ORDER BY a)", " -- all\n((SELECT (a) FROM t ORDER BY (a))) ; ",
        "SELECT typeE'x' ORDER BY 1", "SELECT $ä$ ' $ä$ ORDER BY 1"})
    EXPECT_TRUE(has_order_by(query)) << query;
  for (const char* query : {"",
                            "SELECT * FROM t",
                            "SELECT * FROM (SELECT * FROM t ORDER BY id) AS u",
                            "SELECT 'ORDER BY'",
                            "SELECT a AS \"x ORDER BY y\" FROM t",
                            "SELECT a FROM t -- ORDER BY a",
                            "SELECT a /* ORDER BY a */ FROM t",
                            "SELECT rank() OVER (ORDER BY a) FROM t",
                            "SELECT reorder by_a FROM t",
                            "SELECT $$ORDER BY a$$",
                            "SELECT 'not closed ORDER BY a",
                            "SELECT a FROM t /* ORDER BY a",
                            "SELECT E'\\' ORDER BY a'",
                            "SELECT E'a''\\' ORDER BY a'",
                            "SELECT a /* b /* c */ ORDER BY a */ FROM t",
                            "SELECT a$$ FROM t -- $$ ORDER BY a",
                            "(SELECT a FROM t ORDER BY a) UNION (SELECT 1)",
                            "(SELECT 1) UNION (SELECT a FROM t ORDER BY a)",
                            "SELECT \"E\"\"\\ ORDER BY a\"",
                            "((",
                            "(",
                            ")",
                            "SELECT E'",
                            "SELECT E'\\",
                            "/*/ ORDER BY a",
                            "$",
                            "$a"})
    EXPECT_FALSE(has_order_by(query)) << query;
}

}  // namespace
}  // namespace tessera::data
