#include "sim/calibration/npz.h"

#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <zlib.h>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as they lie");

constexpr std::size_t kLargestFile = std::size_t{1} << 28;
constexpr std::size_t kLargestMember = std::size_t{1} << 28;
constexpr std::size_t kMostMembers = 256;
constexpr std::size_t kMostDimensions = 8;

/// Bytes with a name for complaints.
struct Bytes {
  std::string name;
  std::vector<unsigned char> data;

  [[noreturn]] void fail(const std::string& what) const {
    throw hal::InputError(name + ": " + what);
  }
  template <typename Number>
  Number number(std::size_t at) const {
    if (at > data.size() || data.size() - at < sizeof(Number)) fail("ends too early; damaged");
    Number value;
    std::memcpy(&value, data.data() + at, sizeof value);
    return value;
  }
};

Bytes read_file(const std::filesystem::path& file) {
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  if (none || !std::filesystem::is_regular_file(file)) {
    throw hal::InputError(file.string() + ": no such file");
  }
  Bytes bytes{file.string(), {}};
  if (size > kLargestFile) bytes.fail("too large for a calibration table");
  bytes.data.resize(size);
  std::ifstream in(file, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data.data()), static_cast<std::streamsize>(size));
  if (!in) bytes.fail("cannot be read");
  return bytes;
}

/// Offset of the archive's end record, which a comment may follow.
std::size_t end_record(const Bytes& zip) {
  constexpr std::size_t kSize = 22, kLongestComment = 65535;
  for (std::size_t back = kSize; back <= zip.data.size() && back <= kSize + kLongestComment;
       ++back) {
    const std::size_t at = zip.data.size() - back;
    if (zip.number<std::uint32_t>(at) == 0x06054b50) return at;
  }
  zip.fail("not a .npz archive");
}

std::vector<unsigned char> inflate_member(const Bytes& zip, const std::string& name, std::size_t at,
                                          std::size_t packed, std::size_t size) {
  std::vector<unsigned char> out(size);
  z_stream stream{};
  // Negative: no zlib header around the data, as zip has it.
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  stream.next_in = const_cast<Bytef*>(zip.data.data() + at);
  stream.avail_in = static_cast<uInt>(packed);
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(size);
  const int state = inflate(&stream, Z_FINISH);
  const bool whole = state == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!whole) zip.fail("member '" + name + "' does not unpack; damaged");
  return out;
}

/// One entry of the central directory; `at` moves to the next.
Bytes read_member(const Bytes& zip, std::size_t& at) {
  if (zip.number<std::uint32_t>(at) != 0x02014b50) zip.fail("its directory is damaged");
  const auto flags = zip.number<std::uint16_t>(at + 8);
  const auto method = zip.number<std::uint16_t>(at + 10);
  const auto crc = zip.number<std::uint32_t>(at + 16);
  const std::size_t packed = zip.number<std::uint32_t>(at + 20);
  const std::size_t size = zip.number<std::uint32_t>(at + 24);
  const std::size_t name_length = zip.number<std::uint16_t>(at + 28);
  const std::size_t extras =
      zip.number<std::uint16_t>(at + 30) + zip.number<std::uint16_t>(at + 32);
  const std::size_t local = zip.number<std::uint32_t>(at + 42);
  if (zip.data.size() - at < 46 + name_length) zip.fail("its directory is damaged");
  const std::string name(reinterpret_cast<const char*>(zip.data.data()) + at + 46, name_length);
  at += 46 + name_length + extras;

  if ((flags & 1u) != 0) zip.fail("member '" + name + "' is encrypted");
  if (size > kLargestMember || packed > kLargestMember) {
    zip.fail("member '" + name + "' is too large for a calibration table");
  }
  if (zip.number<std::uint32_t>(local) != 0x04034b50) zip.fail("its directory is damaged");
  const std::size_t start =
      local + 30 + zip.number<std::uint16_t>(local + 26) + zip.number<std::uint16_t>(local + 28);
  if (start > zip.data.size() || zip.data.size() - start < packed) {
    zip.fail("member '" + name + "' ends too early; damaged");
  }
  Bytes member{zip.name + ": " + name, {}};
  if (method == 0 && packed == size) {
    member.data.assign(zip.data.begin() + static_cast<long>(start),
                       zip.data.begin() + static_cast<long>(start + size));
  } else if (method == 8) {
    member.data = inflate_member(zip, name, start, packed, size);
  } else {
    zip.fail(fmt::format("member '{}' is packed in a way that is not read ({})", name, method));
  }
  if (crc32(crc32(0, nullptr, 0), member.data.data(), static_cast<uInt>(size)) != crc) {
    member.fail("its checksum is wrong; damaged");
  }
  return member;
}

/// The value of a key in the header's Python dictionary, up to the next comma outside of brackets.
std::string header_value(const Bytes& array, const std::string& header, const std::string& key) {
  std::size_t at = header.find("'" + key + "'");
  if (at == std::string::npos) array.fail("its header lacks '" + key + "'");
  at = header.find(':', at);
  if (at == std::string::npos) array.fail("its header is damaged");
  std::string value;
  int depth = 0;
  for (++at; at < header.size(); ++at) {
    const char c = header[at];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (depth == 0 && (c == ',' || c == '}')) break;
    if (c != ' ') value += c;
    if (depth == 0 && c == ')') break;
  }
  return value;
}

std::vector<std::size_t> parse_shape(const Bytes& array, const std::string& text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') {
    array.fail("its shape cannot be read");
  }
  std::vector<std::size_t> shape;
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size() - 1;
  while (at < end) {
    std::size_t n = 0;
    const auto [next, error] = std::from_chars(at, end, n);
    if (error != std::errc{} || shape.size() == kMostDimensions || n > kLargestMember) {
      array.fail("its shape cannot be read");
    }
    shape.push_back(n);
    at = next;
    if (at < end && *at++ != ',') array.fail("its shape cannot be read");
  }
  return shape;
}

template <typename Number>
void copy_values(const Bytes& array, std::size_t at, std::vector<double>& values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    values[k] = static_cast<double>(array.number<Number>(at + k * sizeof(Number)));
  }
}

void read_values(const Bytes& array, const std::string& type, std::size_t at,
                 std::vector<double>& values) {
  if (type == "<f8") return copy_values<double>(array, at, values);
  if (type == "<f4") return copy_values<float>(array, at, values);
  if (type == "<i8") return copy_values<std::int64_t>(array, at, values);
  if (type == "<i4") return copy_values<std::int32_t>(array, at, values);
  if (type == "<i2") return copy_values<std::int16_t>(array, at, values);
  if (type == "|u1" || type == "|b1") return copy_values<std::uint8_t>(array, at, values);
  array.fail("holds numbers of a kind that is not read ('" + type + "')");
}

NumberArray read_array(const Bytes& array) {
  constexpr std::array<unsigned char, 6> kMagic = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  if (array.data.size() < 12 || !std::equal(kMagic.begin(), kMagic.end(), array.data.begin())) {
    array.fail("not a NumPy array");
  }
  const int version = array.data[6];
  const std::size_t before = version == 1 ? 10 : 12;
  const std::size_t length =
      version == 1 ? array.number<std::uint16_t>(8) : array.number<std::uint32_t>(8);
  if (version < 1 || version > 3 || length > array.data.size() - before) {
    array.fail("its header is damaged");
  }
  const std::string header(reinterpret_cast<const char*>(array.data.data()) + before, length);
  std::string type = header_value(array, header, "descr");
  if (type.size() < 2 || type.front() != '\'' || type.back() != '\'') {
    array.fail("holds records, not numbers");
  }
  type = type.substr(1, type.size() - 2);
  if (type.find('O') != std::string::npos) {
    array.fail("holds Python objects; reading them could run code, so they are refused");
  }
  if (header_value(array, header, "fortran_order") != "False") {
    array.fail("is stored column by column; save it with numpy.ascontiguousarray");
  }
  NumberArray out;
  out.shape = parse_shape(array, header_value(array, header, "shape"));
  std::size_t count = 1;
  for (const std::size_t n : out.shape) {
    if (n != 0 && count > kLargestMember / n) array.fail("its shape is larger than its data");
    count *= n;
  }
  if (count > array.data.size()) array.fail("its shape is larger than its data");
  out.values.resize(count);
  read_values(array, type, before + length, out.values);
  return out;
}

}  // namespace

std::map<std::string, NumberArray> read_npz(const std::filesystem::path& file) {
  const Bytes zip = read_file(file);
  const std::size_t end = end_record(zip);
  const std::size_t count = zip.number<std::uint16_t>(end + 10);
  if (count == 0 || count > kMostMembers) zip.fail("not a .npz archive of arrays");
  std::size_t at = zip.number<std::uint32_t>(end + 16);
  std::map<std::string, NumberArray> arrays;
  for (std::size_t k = 0; k < count; ++k) {
    const Bytes member = read_member(zip, at);
    std::string name = member.name.substr(zip.name.size() + 2);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    arrays[name] = read_array(member);
  }
  return arrays;
}

}  // namespace gripbench::sim
