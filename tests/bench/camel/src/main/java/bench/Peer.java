package bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.ext.web.client.WebClientOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamReader;
import javax.xml.stream.XMLStreamWriter;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpServer;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpServerConfiguration;
import org.apache.camel.component.vertx.http.VertxHttpComponent;
import org.apache.camel.main.Main;

/** Peer SETUP PORT BACKEND_PORT: Camel as a proxy, or between JSON orders and the SOAP order system. */
public final class Peer {
  private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
  private static final String ERP = "urn:shop:erp";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final XMLInputFactory READERS = XMLInputFactory.newInstance();
  private static final XMLOutputFactory WRITERS = XMLOutputFactory.newInstance();

  public static void main(String[] arguments) throws Exception {
    String setup = arguments[0];
    int port = Integer.parseInt(arguments[1]);
    String backend = "vertx-http:http://127.0.0.1:" + arguments[2];
    READERS.setProperty(XMLInputFactory.SUPPORT_DTD, false);

    VertxPlatformHttpServerConfiguration server = new VertxPlatformHttpServerConfiguration();
    server.setBindHost("127.0.0.1");
    server.setBindPort(port);

    VertxHttpComponent client = new VertxHttpComponent();
    client.setWebClientOptions(new WebClientOptions().setMaxPoolSize(256).setKeepAlive(true).setTcpNoDelay(true));

    Main main = new Main();
    main.configure().setUseMdcLogging(false);
    main.bind("vertx-http", client);
    main.configure().addRoutesBuilder(
        new RouteBuilder() {
          @Override
          public void configure() throws Exception {
            getCamelContext().addService(new VertxPlatformHttpServer(server), true, true);
            if (setup.equals("proxy")) {
              from("platform-http:/bench?httpMethodRestrict=POST")
                  .removeHeaders("CamelHttp*")
                  .to(backend + "/bench?httpMethod=POST");
            } else {
              from("platform-http:/orders?httpMethodRestrict=POST")
                  .process(Peer::orderToEnvelope)
                  .removeHeaders("*")
                  .setHeader(Exchange.CONTENT_TYPE, constant("text/xml; charset=utf-8"))
                  .to(backend + "/erp?httpMethod=POST")
                  .process(Peer::envelopeToConfirmation)
                  .removeHeaders("*")
                  .setHeader(Exchange.CONTENT_TYPE, constant("application/json"))
                  .setHeader(Exchange.HTTP_RESPONSE_CODE, constant(201));
            }
          }
        });
    main.run();
  }

  private static void orderToEnvelope(Exchange exchange) throws Exception {
    JsonNode order = JSON.readTree(exchange.getMessage().getBody(byte[].class));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
    XMLStreamWriter xml = WRITERS.createXMLStreamWriter(bytes, "utf-8");
    xml.writeStartDocument("utf-8", "1.0");
    xml.writeStartElement("soap", "Envelope", SOAP);
    xml.writeNamespace("soap", SOAP);
    xml.writeStartElement("soap", "Body", SOAP);
    xml.writeStartElement("n", "PlaceOrder", ERP);
    xml.writeNamespace("n", ERP);
    leaf(xml, "Customer", order.get("customer"));
    leaf(xml, "Currency", order.get("currency"));
    for (JsonNode line : order.get("lines")) {
      xml.writeStartElement("n", "Line", ERP);
      leaf(xml, "Sku", line.get("sku"));
      leaf(xml, "Quantity", line.get("qty"));
      leaf(xml, "UnitPrice", line.get("price"));
      xml.writeEndElement();
    }
    xml.writeEndDocument();
    xml.close();
    exchange.getMessage().setBody(bytes.toByteArray());
  }

  private static void leaf(XMLStreamWriter xml, String name, JsonNode value) throws Exception {
    xml.writeStartElement("n", name, ERP);
    xml.writeCharacters(value.asText());
    xml.writeEndElement();
  }

  private static void envelopeToConfirmation(Exchange exchange) throws Exception {
    XMLStreamReader xml = READERS.createXMLStreamReader(new ByteArrayInputStream(exchange.getMessage().getBody(byte[].class)));
    ObjectNode confirmation = JSON.createObjectNode();
    ArrayNode lines = JSON.createArrayNode();
    ObjectNode line = null;
    while (xml.hasNext()) {
      if (xml.next() != XMLStreamConstants.START_ELEMENT) continue;
      switch (xml.getLocalName()) {
        case "OrderNumber" -> confirmation.put("id", xml.getElementText());
        case "Status" -> confirmation.put("status", xml.getElementText());
        case "Line" -> line = lines.addObject();
        case "Sku" -> line.put("sku", xml.getElementText());
        case "Reserved" -> line.put("reserved", Integer.parseInt(xml.getElementText()));
        default -> { }
      }
    }
    confirmation.set("lines", lines);
    exchange.getMessage().setBody(JSON.writeValueAsBytes(confirmation));
  }

  private Peer() {}
}
