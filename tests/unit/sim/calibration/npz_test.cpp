// Archives made here, byte by byte, as NumPy writes them.

#include "sim/calibration/npz.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "hal/errors.h"
#include "sim/calibration/taxim_table.h"

namespace gripbench::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int k = 0; k < bytes; ++k) out += static_cast<char>(value >> (8 * k) & 0xff);
  return out;
}

std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, shape);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + number(header.size(), 2) + header + data;
}

std::string doubles(const std::vector<double>& values) {
  std::string out(values.size() * sizeof(double), '\0');
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

std::string deflated(const std::string& in) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(in.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A zip of members, stored or deflated.
std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool pack) {
  std::string body, directory;
  for (const auto& [name, data] : members) {
    const std::string packed = pack ? deflated(data) : data;
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
    const std::string common = number(20, 2) + number(0, 2) + number(pack ? 8 : 0, 2) +
                               number(0, 4) + number(crc, 4) + number(packed.size(), 4) +
                               number(data.size(), 4) + number(name.size(), 2);
    directory += number(0x02014b50, 4) + number(20, 2) + common + number(0, 2) + number(0, 2) +
                 number(0, 2) + number(0, 2) + number(0, 4) + number(body.size(), 4) + name;
    body += number(0x04034b50, 4) + common + number(0, 2) + name + packed;
  }
  return body + directory + number(0x06054b50, 4) + number(0, 4) + number(members.size(), 2) +
         number(members.size(), 2) + number(directory.size(), 4) + number(body.size(), 4) +
         number(0, 2);
}

class NpzTest : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove(file()); }
  fs::path file() const {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    return fs::temp_directory_path() / (std::string("gripbench_npz_") + info->name() + ".npz");
  }
  fs::path write(const std::string& bytes) const {
    std::ofstream(file(), std::ios::binary) << bytes;
    return file();
  }
  std::string error_of(const std::string& bytes) const {
    try {
      read_npz(write(bytes));
    } catch (const hal::InputError& error) {
      return error.what();
    }
    return "nothing was thrown";
  }
};

TEST_F(NpzTest, StoredAndDeflatedArraysAreRead) {
  const std::string a = npy("<f8", "(2, 3)", doubles({1, 2, 3, 4, 5, -6.5}));
  const std::string b = npy("|u1", "(3,)", std::string("\x01\x02\xff", 3));
  const std::string c = npy("<i8", "()", number(125, 8));
  for (const bool pack : {false, true}) {
    const auto arrays = read_npz(write(zip({{"a.npy", a}, {"b.npy", b}, {"bins.npy", c}}, pack)));
    EXPECT_EQ(arrays.at("a").shape, (std::vector<std::size_t>{2, 3}));
    EXPECT_EQ(arrays.at("a").values, (std::vector<double>{1, 2, 3, 4, 5, -6.5}));
    EXPECT_EQ(arrays.at("b").values, (std::vector<double>{1, 2, 255}));
    EXPECT_EQ(arrays.at("bins").values, (std::vector<double>{125}));
  }
}

TEST_F(NpzTest, PythonObjectsAreRefused) {
  EXPECT_THAT(error_of(zip({{"a.npy", npy("|O", "(1,)", "cos\nsystem\n")}}, false)),
              HasSubstr("Python objects"));
}

TEST_F(NpzTest, WhatIsDamagedIsRefused) {
  const std::string good = zip({{"a.npy", npy("<f8", "(2,)", doubles({1, 2}))}}, false);
  std::string flipped = good;
  flipped[good.find("NUMPY") + 130] ^= 1;
  EXPECT_THAT(error_of(flipped), HasSubstr("checksum"));
  EXPECT_THAT(error_of("no zip"), HasSubstr("not a .npz"));
  EXPECT_THAT(error_of(zip({{"a.npy", npy("<f8", "(9,)", doubles({1, 2}))}}, true)),
              HasSubstr("ends too early"));
  EXPECT_THAT(error_of(zip({{"a.npy", npy("<f8", "(4294967295, 4294967295)", "")}}, true)),
              HasSubstr("shape"));
  // Cut anywhere, changed anywhere: an error or other numbers, never more.
  for (std::size_t k = 0; k < good.size(); ++k) {
    error_of(good.substr(0, k));
    std::string other = good;
    other[k] = static_cast<char>(other[k] ^ 0xff);
    error_of(other);
  }
}

TEST_F(NpzTest, TaximTableGivesTheChangesOfItsPolynomials) {
  // Change = slope's tilt index * (1 + x / 640) for blue, and only from one direction.
  const int tilts = 20, directions = 25;
  std::vector<double> grad(static_cast<std::size_t>(tilts) * directions * 6, 0.0), none = grad;
  for (int i = 0; i < tilts; ++i) {
    for (int j = 0; j < directions; ++j) {
      double* a = &grad[(static_cast<std::size_t>(i) * directions + j) * 6];
      a[3] = i / 640.0;
      a[5] = i;
    }
  }
  const std::string shape = fmt::format("({}, {}, 6)", tilts, directions);
  write(zip({{"grad_r.npy", npy("<f8", shape, doubles(grad))},
             {"grad_g.npy", npy("<f8", shape, doubles(none))},
             {"grad_b.npy", npy("<f8", shape, doubles(none))}},
            true));
  const ShadingTable table = import_taxim(file(), {});
  const double tilt = 5.5 * 0.5 * M_PI / (tilts - 1);  // centre of the bin 5
  // At pixel x = 480: half of a half width right of the middle, almost.
  const double place = (480.0 - 319.5) / 320.0;
  const auto change = table.change(std::tan(tilt), 0.0, place, 0.1);
  EXPECT_NEAR(change[0], 5.0 * (1.0 + 480.0 / 640.0), 1e-3);
  EXPECT_NEAR(change[1], 0.0, 1e-9);
  EXPECT_NEAR(change[2], 0.0, 1e-9);
  // The renderer's grid agrees to what its steps lose.
  const ShadingGrid grid(table);
  const float sx = static_cast<float>(std::tan(tilt)), sy = 0.0f, px = static_cast<float>(place);
  float blue = 0, green = 0, red = 0;
  grid.add(&sx, &sy, &px, 0.1f, 1, &blue, &green, &red);
  EXPECT_NEAR(blue, change[0], 0.05);
}

TEST_F(NpzTest, AnotherArchiveIsNoTaximTable) {
  write(zip({{"a.npy", npy("<f8", "(2,)", doubles({1, 2}))}}, false));
  EXPECT_THROW(import_taxim(file(), {}), hal::InputError);
}

}  // namespace
}  // namespace gripbench::sim
