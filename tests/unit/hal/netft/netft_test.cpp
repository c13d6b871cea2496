#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/emulator/netft_server.h"
#include "hal/netft/netft_sensor.h"
#include "tests/unit/experiments/fake_workcell.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(RdtPacket, RequestsAreTheManualsBytes) {
  // "1234 0002 0000 0000": start real-time streaming until stopped.
  EXPECT_EQ(encode(RdtRequest{RdtCommand::kStartRealTime, 0}),
            (Bytes{0x12, 0x34, 0x00, 0x02, 0, 0, 0, 0}));
  EXPECT_EQ(encode(RdtRequest{RdtCommand::kSetBias, 0}),
            (Bytes{0x12, 0x34, 0x00, 0x42, 0, 0, 0, 0}));
  const RdtRequest request = parse_rdt_request(encode({RdtCommand::kStartBuffered, 7}));
  EXPECT_EQ(request.command, RdtCommand::kStartBuffered);
  EXPECT_EQ(request.count, 7u);
  EXPECT_THROW(parse_rdt_request(Bytes(8)), WireError);
  EXPECT_THROW(parse_rdt_request(Bytes{0x12, 0x34}), WireError);
}

TEST(RdtPacket, RecordsAreReadFieldByField) {
  const Bytes bytes = {0, 0, 0, 9, 0,    0,    1,    0,    0x80, 2, 0, 0,
                       0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe, 0,    0, 0, 3,
                       0, 0, 0, 4, 0xff, 0xff, 0xff, 0xfb, 0,    0, 0, 6};
  const RdtRecord record = parse_rdt_record(bytes);
  EXPECT_EQ(record.rdt_sequence, 9u);
  EXPECT_EQ(record.ft_sequence, 256u);
  EXPECT_EQ(record.status, kNetFtError | kNetFtSaturated);
  EXPECT_EQ(record.counts, (std::array<std::int32_t, 6>{1, -2, 3, 4, -5, 6}));
  EXPECT_EQ(encode(record), bytes);
  EXPECT_THROW(parse_rdt_record(ByteView(bytes).first(35)), WireError);
}

TEST(RdtPacket, StatusInWords) {
  EXPECT_EQ(explain_netft_status(0), "");
  EXPECT_EQ(explain_netft_status(0x80010000), "") << "a latched condition is no fault";
  EXPECT_THAT(explain_netft_status(kNetFtError | kNetFtSaturated), HasSubstr("saturated"));
  EXPECT_THAT(explain_netft_status(0x80000014),
              AllOf(HasSubstr("cable"), HasSubstr("; temperature")));
  EXPECT_THAT(explain_netft_status(0x80008000), HasSubstr("status bits 00008000"));
}

TEST(NetFtCalibration, ConvertsToSiUnits) {
  const RdtRecord record{1, 1, 0, {2000, 0, -1000, 50, 0, -100}};
  const WrenchReading pounds = to_wrench(record, {1000.0, 10.0, "lbf", "lbf-in"}, 0.5);
  EXPECT_NEAR(pounds.force.x(), 8.896443230521, 1e-9);
  EXPECT_NEAR(pounds.force.z(), -4.4482216152605, 1e-9);
  EXPECT_NEAR(pounds.torque.x(), 5 * 0.1129848290276167, 1e-9);
  EXPECT_EQ(pounds.time, 0.5);
  const WrenchReading newtons = to_wrench(record, {1000.0, 10.0, "kN", "N-mm"}, 0.0);
  EXPECT_NEAR(newtons.force.x(), 2000.0, 1e-9);
  EXPECT_NEAR(newtons.torque.z(), -0.010, 1e-12);
  EXPECT_THROW(to_wrench(record, {1000.0, 10.0, "stone", "N-m"}, 0.0), WireError);
}

TEST(NetFtDocument, IsReadAsBoxesWriteIt) {
  const std::string xml =
      "<?xml version=\"1.0\"?>\r\n<netft>\r\n<prodname>Net F/T</prodname>\r\n"
      "<setserial>FT08150</setserial><cfgcpf> 1000000 </cfgcpf>\n<cfgcpt>1e6</cfgcpt>"
      "<scfgfu>N</scfgfu><scfgtu>Nm</scfgtu></netft>";
  const NetFtDocument document = parse_netft_document(xml);
  EXPECT_EQ(document.product, "Net F/T");
  EXPECT_EQ(document.calibration.counts_per_force, 1e6);
  EXPECT_EQ(document.calibration.newton_metres_per_count(), 1e-6);
  const NetFtDocument same = parse_netft_document(write_netft_document(document));
  EXPECT_EQ(same.calibration.torque_unit, "Nm");

  const auto complaint = [](const std::string& text) {
    return message_of([&] { parse_netft_document(text); });
  };
  EXPECT_THAT(complaint("<html>404</html>"), HasSubstr("expected <cfgcpf> in netftapi2.xml"));
  EXPECT_THAT(complaint("<cfgcpf>many</cfgcpf>"), HasSubstr("got the text 'many'"));
  EXPECT_THAT(
      complaint("<cfgcpf>1</cfgcpf><cfgcpt>0</cfgcpt><scfgfu>N</scfgfu><scfgtu>N-m</scfgtu>"),
      HasSubstr("above 0"));
  EXPECT_THAT(
      complaint("<cfgcpf>1</cfgcpf><cfgcpt>1</cfgcpt><scfgfu>N</scfgfu><scfgtu>oz</scfgtu>"),
      HasSubstr("unit of torque"));
}

/// A scripted workcell with a sensor at its wrist.
class WristWorkcell final : public Workcell, private ForceTorqueSensor {
 public:
  WristWorkcell() : inner_(experiments::make_fake_workcell({})) {}
  Clock& clock() override { return inner_->clock(); }
  Arm& arm() override { return inner_->arm(); }
  Gripper& gripper() override { return inner_->gripper(); }
  TactileSensor& tactile() override { return inner_->tactile(); }
  Camera& camera() override { return inner_->camera(); }
  ForceTorqueSensor& force_torque() override { return *this; }
  Stage& stage() override { return inner_->stage(); }

 private:
  WrenchReading read() override {
    return {inner_->clock().now(), {1.5, -2.25, 3.0}, {0.125, -0.25, 0.5}};
  }
  void bias() override {}
  std::unique_ptr<Workcell> inner_;
};

class NetFtTest : public ::testing::Test {
 protected:
  NetFtSettings settings() const {
    NetFtSettings settings;
    settings.host = "127.0.0.1";
    settings.port = server_.rdt_port();
    settings.http_port = server_.http_port();
    settings.answer_timeout = Duration(kPatience);
    settings.stale_after = Duration(0.5);
    settings.bias_samples = 10;
    return settings;
  }

  RigClock clock_;
  LiveWorkcell workcell_{[] { return std::make_unique<WristWorkcell>(); }};
  FaultBoard board_;
  ControlServer control_{board_};
  NetFtServer server_{workcell_, {}, {}, {200.0, {1e4, 1e5, "lbf", "N-mm"}}, board_};
};

TEST_F(NetFtTest, LearnsTheCalibrationFromTheBoxAndReads) {
  NetFtSensor sensor(settings(), clock_);
  EXPECT_EQ(sensor.calibration().force_unit, "lbf");
  const WrenchReading reading = sensor.read();
  // Counts of 1e-4 lbf and 1e-5 N mm.
  EXPECT_NEAR((reading.force - Eigen::Vector3d(1.5, -2.25, 3.0)).norm(), 0.0, 5e-4);
  EXPECT_NEAR((reading.torque - Eigen::Vector3d(0.125, -0.25, 0.5)).norm(), 0.0, 1e-7);
  EXPECT_TRUE(eventually([&] { return sensor.read().time > reading.time; }));
}

TEST_F(NetFtTest, TheFilesCalibrationGoesFirst) {
  NetFtSettings given = settings();
  given.http_port = 1;
  given.calibration = NetFtCalibration{1e4, 1e5, "N", "N-mm"};
  NetFtSensor sensor(given, clock_);
  EXPECT_NEAR(sensor.read().force.x(), 1.5 / 4.4482216152605, 1e-4);
}

TEST_F(NetFtTest, BiasTakesThePresentLoadAsZero) {
  NetFtSensor sensor(settings(), clock_);
  sensor.bias();
  EXPECT_NEAR(sensor.read().force.norm(), 0.0, 1e-9);
  EXPECT_NEAR(sensor.read().torque.norm(), 0.0, 1e-9);
}

TEST_F(NetFtTest, ALostStreamIsAskedForAgain) {
  NetFtSensor sensor(settings(), clock_);
  control_.answer("drop netft");
  EXPECT_TRUE(eventually([&] { return sensor.counts().restarts >= 1; }));
  const std::uint64_t before = sensor.counts().received;
  EXPECT_TRUE(eventually([&] { return sensor.counts().received > before + 5; }));
  EXPECT_EQ(message_of([&] { sensor.read(); }), "nothing was thrown");
}

TEST_F(NetFtTest, ASilentSensorIsSaidToBe) {
  NetFtSensor sensor(settings(), clock_);
  control_.answer("freeze netft");
  EXPECT_THAT(message_when_it_throws([&] { sensor.read(); }),
              AllOf(HasSubstr("force_torque: no reading for"), HasSubstr("silent")));
  control_.answer("thaw netft");
  EXPECT_TRUE(
      eventually([&] { return message_of([&] { sensor.read(); }) == "nothing was thrown"; }));
}

/// A box that sends what a test tells it to, to whoever asks.
class ScriptedBox {
 public:
  explicit ScriptedBox(std::vector<Bytes> packages)
      : socket_(UdpSocket::bind({})), port_(socket_.port()) {
    thread_ = std::jthread([this, packages = std::move(packages)](std::stop_token stop) {
      while (!stop.stop_requested()) {
        if (socket_.receive(Duration(0.02)).empty()) continue;
        socket_.answer_to_last_sender();
        for (const Bytes& package : packages) socket_.send(package);
      }
    });
  }
  NetFtSettings settings() const {
    NetFtSettings settings;
    settings.host = "127.0.0.1";
    settings.port = port_;
    settings.calibration = NetFtCalibration{};
    settings.answer_timeout = Duration(kPatience);
    settings.stale_after = Duration(kPatience);
    return settings;
  }

 private:
  UdpSocket socket_;
  std::uint16_t port_;
  std::jthread thread_;
};

TEST(NetFtSensor, CountsGapsAndLateRecords) {
  std::vector<Bytes> packages;
  for (const std::uint32_t sequence : {1u, 2u, 5u, 4u, 5u, 6u, 10u}) {
    packages.push_back(encode(RdtRecord{sequence, 7 * sequence, 0, {}}));
  }
  packages.push_back({1, 2, 3});
  const ScriptedBox box(packages);
  const RigClock clock;
  NetFtSensor sensor(box.settings(), clock);
  EXPECT_TRUE(eventually([&] { return sensor.counts().malformed == 1; }));
  EXPECT_EQ(sensor.counts().received, 5u);
  EXPECT_EQ(sensor.counts().late, 2u);
  EXPECT_EQ(sensor.counts().lost, 2u + 3u);
}

TEST(NetFtSensor, AStatusIsSaidInWords) {
  const ScriptedBox box({encode(RdtRecord{1, 1, kNetFtError | kNetFtSaturated, {}})});
  const RigClock clock;
  NetFtSensor sensor(box.settings(), clock);
  EXPECT_THAT(message_of([&] { sensor.read(); }),
              HasSubstr("force_torque: the sensor is saturated"));
}

TEST(NetFtSensor, SomethingElseThereIsNamed) {
  const ScriptedBox box({{'h', 'e', 'l', 'l', 'o'}});
  const RigClock clock;
  EXPECT_THAT(message_of([&] { NetFtSensor(box.settings(), clock); }),
              AllOf(HasSubstr("expected an RDT record of 36 bytes, got 5"), HasSubstr("'hello'")));
}

TEST(NetFtSensor, NobodyThereIsSaid) {
  const RigClock clock;
  NetFtSettings settings;
  settings.host = "127.0.0.1";
  settings.answer_timeout = Duration(0.3);
  settings.http_port = 1;
  EXPECT_THAT(message_of([&] { NetFtSensor(settings, clock); }),
              AllOf(HasSubstr("force_torque: calibration: no connection to 127.0.0.1:1")));
  settings.calibration = NetFtCalibration{};
  settings.port = UdpSocket::bind({}).port();
  EXPECT_THAT(message_of([&] { NetFtSensor(settings, clock); }),
              ::testing::AnyOf(HasSubstr("nobody answers at"), HasSubstr("nothing came")));
}

TEST(NetFtServer, AWorkcellWithoutSensorShowsABoxWithoutOne) {
  LiveWorkcell workcell([] { return experiments::make_fake_workcell({}); });
  FaultBoard board;
  NetFtServer server(workcell, {}, {}, {200.0, {}}, board);
  const RigClock clock;
  NetFtSettings settings;
  settings.host = "127.0.0.1";
  settings.port = server.rdt_port();
  settings.http_port = server.http_port();
  settings.answer_timeout = Duration(kPatience);
  NetFtSensor sensor(settings, clock);
  EXPECT_THAT(message_when_it_throws([&] { sensor.read(); }), HasSubstr("check its cable"));
}

TEST(NetFtServer, BuffersAndCountsAsAsked) {
  LiveWorkcell workcell([] { return std::make_unique<WristWorkcell>(); });
  FaultBoard board;
  NetFtServer server(workcell, {}, {}, {1000.0, {}}, board);
  UdpSocket client = UdpSocket::connect("127.0.0.1", server.rdt_port());
  client.send(encode(RdtRequest{RdtCommand::kStartBuffered, 50}));
  std::vector<std::size_t> sizes;
  eventually([&] {
    const ByteView package = client.receive(Duration(0.05));
    if (!package.empty()) sizes.push_back(package.size());
    return sizes.size() == 2;
  });
  EXPECT_THAT(sizes, ::testing::ElementsAre(40 * kRdtRecordSize, 10 * kRdtRecordSize));
}

}  // namespace
}  // namespace gripbench::hal
