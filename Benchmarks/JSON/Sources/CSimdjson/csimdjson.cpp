#include "csimdjson.h"

#include <string>
#include <vector>

#include <simdjson.h>

using namespace simdjson;

struct csimdjson_reader {
  ondemand::parser parser;
  padded_string text;
};

struct csimdjson_point {
  uint64_t id;
  std::vector<float> vector;
  std::string payload;
};

extern "C" csimdjson_reader *csimdjson_reader_create(const char *text, size_t count) {
  return new csimdjson_reader{ondemand::parser(), padded_string(text, count)};
}

extern "C" void csimdjson_reader_destroy(csimdjson_reader *reader) { delete reader; }

extern "C" int csimdjson_read_upsert(csimdjson_reader *reader, csimdjson_totals *totals) {
  try {
    std::vector<csimdjson_point> points;
    ondemand::document document = reader->parser.iterate(reader->text);
    for (ondemand::object item : document["points"]) {
      csimdjson_point point;
      point.vector.reserve(points.empty() ? 0 : points.back().vector.size());
      for (auto field : item) {
        std::string_view key = field.unescaped_key();
        if (key == "id") {
          point.id = uint64_t(field.value());
        } else if (key == "vector") {
          for (double value : field.value().get_array()) point.vector.push_back(float(value));
        } else if (key == "payload") {
          ondemand::object payload = field.value();
          point.payload = std::string(std::string_view(payload.raw_json()));
        }
      }
      points.push_back(std::move(point));
    }
    *totals = csimdjson_totals{points.size(), 0, 0, 0};
    for (const auto &point : points) {
      totals->float_count += point.vector.size();
      totals->payload_bytes += point.payload.size();
      for (float value : point.vector) totals->float_sum += value;
    }
    return 0;
  } catch (const simdjson_error &error) {
    return int(error.error());
  }
}
